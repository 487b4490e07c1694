package mailtest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// DNS is a name server that knows the names it was told, over UDP and TCP (RFC
// 1035). It is nobody's resolver: other names do not exist.
type DNS struct {
	Addr string // address and port, for both

	udp net.PacketConn
	tcp net.Listener
	wg  sync.WaitGroup

	mu      sync.Mutex
	records map[string][]dnsmessage.Resource // by name in lower case, with a dot at the end
	failing map[string]bool
	asked   int
	byTCP   int
}

// maxUDP is the largest answer that comes by UDP (RFC 1035, section 4.2.1);
// larger ones have to be asked for over TCP.
const maxUDP = 512

// StartDNS starts a server with the records of a zone, as Set takes them.
func StartDNS(zone string) (*DNS, error) {
	d := &DNS{records: map[string][]dnsmessage.Resource{}}
	if err := d.Set(zone); err != nil {
		return nil, err
	}
	var err error
	for range 20 { // the port that one gets may be taken for the other
		if d.tcp, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			break
		}
		d.Addr = d.tcp.Addr().String()
		if d.udp, err = net.ListenPacket("udp", d.Addr); err == nil {
			d.wg.Go(d.serveUDP)
			d.wg.Go(d.serveTCP)
			return d, nil
		}
		d.tcp.Close()
	}
	return nil, fmt.Errorf("no loopback port to listen on: %w", err)
}

// Close stops the server.
func (d *DNS) Close() error {
	err := errors.Join(d.udp.Close(), d.tcp.Close())
	d.wg.Wait()
	return err
}

// Asked says how many questions came, and how many of them by TCP.
func (d *DNS) Asked() (all, byTCP int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked, d.byTCP
}

// Set takes another zone: a record a line, such as
//
//	example.org MX 10 mail.example.org
//	example.org TXT v=spf1 mx -all
//
// and "example.org FAIL" for a name about which the server has only errors. A
// TXT record may have any length; the types are A, AAAA, CNAME, MX, PTR and TXT.
// A PTR has an address for its name.
func (d *DNS) Set(zone string) error {
	records, failing := map[string][]dnsmessage.Resource{}, map[string]bool{}
	for line := range strings.Lines(zone) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, rest, _ := strings.Cut(line, " ")
		kind, value, _ := strings.Cut(rest, " ")
		if kind == "FAIL" {
			failing[fullName(name)] = true
			continue
		}
		r, err := record(name, kind, strings.TrimSpace(value))
		if err != nil {
			return fmt.Errorf("zone: %q: %w", line, err)
		}
		key := strings.ToLower(r.Header.Name.String())
		records[key] = append(records[key], r)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.records, d.failing = records, failing
	return nil
}

func fullName(s string) string { return strings.ToLower(strings.TrimSuffix(s, ".") + ".") }

func record(name, kind, value string) (r dnsmessage.Resource, err error) {
	target := dnsmessage.Name{}
	var addr netip.Addr
	switch kind {
	case "A", "AAAA":
		addr, err = netip.ParseAddr(value)
	case "PTR":
		if name, err = reverseName(name); err == nil {
			target, err = dnsmessage.NewName(fullName(value))
		}
	case "CNAME":
		target, err = dnsmessage.NewName(fullName(value))
	}
	if err != nil {
		return r, err
	}
	switch kind {
	case "A":
		r.Body = &dnsmessage.AResource{A: addr.As4()}
	case "AAAA":
		r.Body = &dnsmessage.AAAAResource{AAAA: addr.As16()}
	case "PTR":
		r.Body = &dnsmessage.PTRResource{PTR: target}
	case "CNAME":
		r.Body = &dnsmessage.CNAMEResource{CNAME: target}
	case "MX":
		pref, host, _ := strings.Cut(value, " ")
		n, err := strconv.ParseUint(pref, 10, 16)
		if err != nil {
			return r, err
		}
		if target, err = dnsmessage.NewName(fullName(host)); err != nil {
			return r, err
		}
		r.Body = &dnsmessage.MXResource{Pref: uint16(n), MX: target}
	case "TXT":
		text := &dnsmessage.TXTResource{}
		for n := 0; value != "" || n == 0; n++ {
			size := min(255, len(value))
			text.TXT = append(text.TXT, value[:size])
			value = value[size:]
		}
		r.Body = text
	default:
		return r, fmt.Errorf("no such type: %s", kind)
	}
	r.Header.Name, err = dnsmessage.NewName(fullName(name))
	r.Header.Class, r.Header.TTL = dnsmessage.ClassINET, 60
	return r, err
}

// reverseName is where the name of an address stands (RFC 1035, section 3.5;
// RFC 3596, section 2.5).
func reverseName(s string) (string, error) {
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	raw := addr.AsSlice()
	for i := len(raw) - 1; i >= 0; i-- {
		if addr.Is4() {
			fmt.Fprintf(&b, "%d.", raw[i])
		} else {
			fmt.Fprintf(&b, "%x.%x.", raw[i]&15, raw[i]>>4)
		}
	}
	if addr.Is4() {
		return b.String() + "in-addr.arpa", nil
	}
	return b.String() + "ip6.arpa", nil
}

func (d *DNS) serveUDP() {
	buf := make([]byte, 4096)
	for {
		n, from, err := d.udp.ReadFrom(buf)
		if err != nil {
			return // closed
		}
		if reply, ok := d.answer(buf[:n], maxUDP); ok {
			_, _ = d.udp.WriteTo(reply, from)
		}
	}
}

func (d *DNS) serveTCP() {
	for {
		conn, err := d.tcp.Accept()
		if err != nil {
			return // closed
		}
		d.wg.Go(func() {
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
			d.talk(conn)
		})
	}
}

// talk answers questions, each with its length in front (RFC 1035, section
// 4.2.2).
func (d *DNS) talk(conn net.Conn) {
	for {
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		question := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(conn, question); err != nil {
			return
		}
		reply, ok := d.answer(question, 1<<16-1)
		if !ok {
			return
		}
		d.mu.Lock()
		d.byTCP++
		d.mu.Unlock()
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)); err != nil {
			return
		}
	}
}

// answer is the reply to a message, which is cut off where it is too long.
func (d *DNS) answer(question []byte, limit int) (reply []byte, ok bool) {
	var p dnsmessage.Parser
	header, err := p.Start(question)
	if err != nil {
		return nil, false
	}
	q, err := p.Question()
	if err != nil {
		return nil, false
	}
	m := dnsmessage.Message{Questions: []dnsmessage.Question{q}}
	m.Header = dnsmessage.Header{ID: header.ID, Response: true, Authoritative: true, RecursionDesired: header.RecursionDesired, RecursionAvailable: true}
	m.Answers, m.RCode = d.find(q)
	reply, err = m.Pack()
	if err == nil && len(reply) > limit {
		m.Truncated, m.Answers = true, nil
		reply, err = m.Pack()
	}
	return reply, err == nil
}

func (d *DNS) find(q dnsmessage.Question) (answers []dnsmessage.Resource, code dnsmessage.RCode) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	name := strings.ToLower(q.Name.String())
	for range 8 { // of aliases
		if d.failing[name] {
			return nil, dnsmessage.RCodeServerFailure
		}
		there := d.records[name]
		if len(there) == 0 {
			return answers, dnsmessage.RCodeNameError
		}
		alias := ""
		for _, r := range there {
			switch body := r.Body.(type) {
			case *dnsmessage.CNAMEResource:
				alias = strings.ToLower(body.CNAME.String())
				answers = append(answers, r)
			default:
				if typeOf(r.Body) == q.Type {
					answers = append(answers, r)
				}
			}
		}
		if alias == "" {
			return answers, dnsmessage.RCodeSuccess
		}
		name = alias
	}
	return nil, dnsmessage.RCodeServerFailure
}

func typeOf(body dnsmessage.ResourceBody) dnsmessage.Type {
	switch body.(type) {
	case *dnsmessage.AResource:
		return dnsmessage.TypeA
	case *dnsmessage.AAAAResource:
		return dnsmessage.TypeAAAA
	case *dnsmessage.MXResource:
		return dnsmessage.TypeMX
	case *dnsmessage.PTRResource:
		return dnsmessage.TypePTR
	}
	return dnsmessage.TypeTXT
}
