package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"sigpost/internal/mailtest"
	"sigpost/internal/peertest"
)

// installation is sigpost on a machine with systemd, as docs/deploying.md says.
type installation struct {
	*peertest.Systemd
	t    *testing.T
	dir  string // what its machine sees as /mnt
	imap *mailtest.IMAP
	smtp *mailtest.SMTP
	at   string // the address of its pages
}

func install(t *testing.T) *installation {
	t.Helper()
	m := &installation{t: t, dir: t.TempDir(), at: peertest.FreeAddr(t)}
	must(t, os.Chmod(m.dir, 0o755))
	build := exec.Command("go", "build", "-o", m.dir, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	must(t, os.CopyFS(filepath.Join(m.dir, "deploy"), os.DirFS("../../deploy")))
	m.imap, m.smtp = mailServers(t)
	config := scriptConfig(m.imap.Addr, m.smtp.Addr) + fmt.Sprintf("[web]\nlisten = %q\nurl = \"http://%[1]s\"\n", m.at)
	for old, new := range map[string]string{
		`"sigpost.db"`:     `"/var/lib/sigpost/sigpost.db"`,
		`"sigpost.secret"`: `"/etc/sigpost/sigpost.secret"`,
	} {
		config = strings.Replace(config, old, new, 1)
	}
	for name, text := range map[string]string{"config.toml": config, "ca.pem": string(m.imap.CA.PEM), "imap.password": "demo\n"} {
		must(t, os.WriteFile(filepath.Join(m.dir, name), []byte(text), 0o600))
	}

	m.Systemd = peertest.BootSystemd(t, m.dir)
	m.Do(commandsOf(t, "../../docs/deploying.md", "## systemd"))
	m.Do(`sigpost --config /etc/sigpost/config.toml init
		cp config.toml ca.pem imap.password /etc/sigpost
		chgrp sigpost /etc/sigpost/*
		chmod 640 /etc/sigpost/*`)
	return m
}

// commandsOf is the first block of commands below a heading of a page of the docs.
func commandsOf(t *testing.T, file, heading string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	must(t, err)
	_, below, found := strings.Cut(string(text), "\n"+heading+"\n")
	block := regexp.MustCompile(`(?m)^\n((?:    .*\n)+)`).FindStringSubmatch(below)
	if !found || block == nil {
		t.Fatalf("%s has no commands below %q", file, heading)
	}
	return block[1]
}

// page asks the service for a page: none is "".
func (m *installation) page(path string) string {
	resp, err := http.Get("http://" + m.at + path)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return string(body)
}

func (m *installation) shows(path, text string) {
	m.t.Helper()
	m.soon(path+" shows "+text, func() bool { return strings.Contains(m.page(path), text) })
}

func (m *installation) soon(what string, is func() bool) {
	m.t.Helper()
	for late := time.Now().Add(30 * time.Second); !is(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(late) {
			m.t.Fatalf("not within 30 s: %s\n%s", what, m.journal("sigpost.service"))
		}
	}
}

func (m *installation) journal(unit string) string {
	m.t.Helper()
	return m.Do("journalctl --no-pager --output cat --unit " + unit)
}

// arrive puts a mail into the mailbox.
func (m *installation) arrive(subject string) {
	m.t.Helper()
	now := time.Now()
	raw := fmt.Sprintf("From: Ana <ana@example.org>\r\nTo: sig-openstack@lists.example.org\r\nList-Id: <sig-openstack.lists.example.org>\r\nSubject: %s\r\nMessage-ID: <%d@example.org>\r\nDate: %s\r\n\r\nText.\r\n",
		subject, now.UnixNano(), now.Format(time.RFC1123Z))
	must(m.t, m.imap.Append("INBOX", []mailtest.Mail{{Raw: []byte(raw), Received: now}}))
}

// dropIn changes a unit as an operator does.
func (m *installation) dropIn(unit, text string) {
	m.t.Helper()
	m.Do(fmt.Sprintf("mkdir -p /etc/systemd/system/%[1]s.d; printf '%[2]s' >/etc/systemd/system/%[1]s.d/test.conf; systemctl daemon-reload", unit, text))
}

// The units are started by a systemd on a machine on which sigpost was installed as the
// docs say. Within all that they take from it the service reads mail over TLS, shows
// pages and sends a letter; systemd knows when it serves, restarts it when it was killed or
// hangs, and leaves it where its configuration is wrong; the timer makes up for what was
// missed.
func TestUnits(t *testing.T) {
	m := install(t)
	const service, run, timer = "sigpost.service", "sigpost-run.service", "sigpost-run.timer"
	is := func(unit, name, want string) {
		t.Helper()
		if got := m.Property(unit, name); got != want {
			t.Errorf("%s of %s is %q, not %q\n%s", name, unit, got, want, m.journal(unit))
		}
	}

	// What root makes is for the service.
	m.Do("sigpost --config /etc/sigpost/config.toml doctor --only database,letters,permissions")

	// A run reads what there is.
	m.arrive("Floating addresses")
	m.Do("systemctl start " + run)
	is(run, "Result", "success")
	if said := m.journal(run); !strings.Contains(said, "1 new") {
		t.Errorf("the journal of a run has:\n%s", said)
	}

	// systemctl comes back when pages are served.
	m.Do("systemctl enable --now " + service)
	is(service, "SubState", "running")
	if page := m.page("/threads"); !strings.Contains(page, "Floating addresses") {
		t.Errorf("the first page has no thread:\n%s", page)
	}
	m.arrive("Ports that stay")
	m.shows("/threads", "Ports that stay")
	resp, err := http.PostForm("http://"+m.at+"/subscribe/weekly", url.Values{"address": {"ana@readers.example.org"}})
	must(t, err)
	resp.Body.Close()
	m.soon("a letter asks to confirm", func() bool { return len(m.smtp.Letters()) == 1 })
	if said := m.journal(service); !strings.Contains(said, `"sigpost login-link" prints a link`) || strings.Contains(said, "/sign-in/") || strings.Contains(said, "already exists") {
		t.Errorf("the journal has:\n%s", said)
	}

	// It has its own folder, and nothing else.
	if of := m.Do("stat -c '%U %a' /var/lib/sigpost /var/lib/sigpost/sigpost.db"); of != "sigpost 700\nsigpost 600\n" {
		t.Errorf("its folder and file are %q", of)
	}
	pid := m.Property(service, "MainPID")
	status := m.Do("cat /proc/" + pid + "/status")
	for _, line := range []string{"CapEff:\t0000000000000000\n", "NoNewPrivs:\t1\n", "Seccomp:\t2\n"} {
		if !strings.Contains(status, line) {
			t.Errorf("its process has not %q:\n%s", line, status)
		}
	}
	m.Do("! nsenter --target " + pid + " --mount touch /etc/sigpost/proof /usr/proof 2>/dev/null")
	exposure := m.Do("systemd-analyze security --no-pager " + service + " | tail -1")
	if of := regexp.MustCompile(`: ([0-9.]+) `).FindStringSubmatch(exposure); of == nil {
		t.Errorf("no exposure in %q", exposure)
	} else if level, err := strconv.ParseFloat(of[1], 64); err != nil || level >= 2 {
		t.Errorf("its exposure is %s (%v)", of[1], err)
	} else {
		t.Logf("exposure %s", of[1])
	}

	// A run while another goes on ends, and is no failure.
	m.Do("flock /var/lib/sigpost/sigpost.db.lock systemctl start " + run)
	is(run, "Result", "success")
	if said := m.journal(run); !strings.Contains(said, "another run of sigpost works on the database") {
		t.Errorf("the journal of a run beside another has:\n%s", said)
	}

	// A new configuration, and one that is wrong.
	m.Do("sed -i 's/SIG-OpenStack Weekly/The Kuryr Times/' /etc/sigpost/config.toml; systemctl reload " + service)
	m.shows("/", "The Kuryr Times")
	m.Do("cp /etc/sigpost/config.toml /root; echo nonsense >>/etc/sigpost/config.toml; systemctl reload " + service)
	m.soon("the journal says what is wrong", func() bool { return strings.Contains(m.journal(service), "/etc/sigpost/config.toml:") })
	is(service, "SubState", "running")
	is(service, "MainPID", pid)
	m.shows("/", "The Kuryr Times")

	// With it, it does not start, and is not tried again.
	m.dropIn(service, "[Service]\\nRestartSec=100ms\\nWatchdogSec=1\\n")
	m.Do("systemctl stop " + service)
	is(service, "Result", "success")
	m.Do("! systemctl start " + service + " 2>/dev/null")
	time.Sleep(time.Second)
	is(service, "ActiveState", "failed")
	is(service, "ExecMainStatus", "2")
	is(service, "NRestarts", "0")
	m.Do("cp /root/config.toml /etc/sigpost/config.toml; systemctl start " + service)

	// Killed, and hanging.
	m.Do("systemctl kill --signal KILL " + service)
	m.Until(service, "NRestarts", "1")
	m.Until(service, "SubState", "running")
	m.shows("/threads", "Ports that stay")
	time.Sleep(3 * time.Second) // for thrice as long as the watchdog waits it is content
	is(service, "NRestarts", "1")
	m.Do("systemctl kill --signal STOP " + service)
	m.Until(service, "NRestarts", "2")
	m.Until(service, "SubState", "running")
	m.shows("/threads", "Ports that stay")
	begin := time.Now()
	m.Do("systemctl disable --now " + service)
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("it takes %s to stop", took)
	}
	is(service, "Result", "success")

	// The nightly backup is whole, the service's own, and noted.
	m.Do("systemctl enable --now sigpost-backup.timer; systemctl start sigpost-backup.service")
	if of := m.Do("stat -c '%U %a %n' /var/backups/sigpost/*"); !regexp.MustCompile(`^sigpost 600 /var/backups/sigpost/day[1-7]\.tar\.zst\n$`).MatchString(of) {
		t.Errorf("there is %q", of)
	}
	m.Do("sigpost --config /etc/sigpost/config.toml backup --verify /var/backups/sigpost/*")
	if said := m.Do("sigpost --config /etc/sigpost/config.toml doctor --only backups"); strings.Contains(said, "warning") {
		t.Errorf("doctor says %s", said)
	}

	// Root puts back a backup: the service has its file again.
	m.Do(`sigpost --config /etc/sigpost/config.toml backup /root/backup
		sigpost --config /etc/sigpost/config.toml restore --force /root/backup
		systemctl start ` + service)
	m.shows("/threads", "Ports that stay")
	if others := m.Do("find /var/lib/sigpost ! -user sigpost"); others != "" {
		t.Errorf("not the service's:\n%s", others)
	}
	m.Do("systemctl stop " + service)

	// The timer, on a machine that was off for two days.
	m.Do("systemctl enable --now " + timer)
	next, err := time.Parse("Mon 2006-01-02 15:04:05 MST", m.Property(timer, "NextElapseUSecRealtime"))
	if err != nil || time.Until(next) > 17*time.Minute+time.Second {
		t.Errorf("it runs next at %s (%v)", next, err)
	}
	m.Do("systemctl stop " + timer)
	m.arrive("While it was off")
	m.Do("touch -d '2 days ago' /var/lib/systemd/timers/stamp-" + timer)
	m.dropIn(timer, "[Timer]\\nRandomizedDelaySec=0\\n")
	m.Do("systemctl start " + timer)
	m.soon("the run that the timer began has read it", func() bool { return strings.Count(m.journal(run), "1 new") == 2 })
	if letters := m.smtp.Letters(); len(letters) != 1 {
		t.Errorf("%d letters, not one", len(letters))
	}
}
