package app

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"sigpost"
	"sigpost/config"
	"sigpost/store"
	"sigpost/subscribe"
)

// ReaderRow is a reader in a file, as they are exported and imported.
type ReaderRow struct {
	Address  string   `json:"address"`
	Name     string   `json:"name,omitempty"`
	Digest   string   `json:"digest,omitempty"` // the edition, too
	State    string   `json:"state,omitempty"`  // what has "ended" is not imported
	Topics   []string `json:"topics,omitempty"`
	Muted    []string `json:"muted,omitempty"`
	Zone     string   `json:"zone,omitempty"`
	Text     bool     `json:"text_only,omitempty"`
	NewsOnly bool     `json:"news_only,omitempty"`
	Paused   string   `json:"paused_until,omitempty"` // RFC 3339, or a day
	Since    string   `json:"since,omitempty"`
	// ConsentSource says how they agreed, and ConsentDate when: RFC 3339, or a day.
	ConsentSource string `json:"consent_source,omitempty"`
	ConsentDate   string `json:"consent_date,omitempty"`
}

// readerColumns are the columns of a CSV file, by their names in its first line.
var readerColumns = []string{"address", "name", "digest", "state", "topics", "muted", "zone", "text_only", "news_only", "paused_until", "since", "consent_source", "consent_date"}

// fields are the row's columns.
func (r ReaderRow) fields() []string {
	yes := func(b bool) string { return map[bool]string{true: "yes"}[b] }
	return []string{plainCell(r.Address), plainCell(r.Name), r.Digest, r.State, strings.Join(r.Topics, " "), strings.Join(r.Muted, " "), r.Zone, yes(r.Text), yes(r.NewsOnly),
		r.Paused, r.Since, plainCell(r.ConsentSource), r.ConsentDate}
}

// plainCell keeps a spreadsheet from taking a stranger's text for a formula; what
// stands before an address's "@" is a stranger's, too. The space is taken away again
// by an import.
func plainCell(s string) string {
	if first, _ := utf8.DecodeRuneInString(s); s != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return " " + s
	}
	return s
}

func (r *ReaderRow) set(column, value string) error {
	value = strings.TrimSpace(value)
	flag := func(into *bool) error {
		switch strings.ToLower(value) {
		case "", "no", "0", "false":
			*into = false
		case "yes", "1", "true":
			*into = true
		default:
			return fmt.Errorf("%s is %q: write yes or no", column, value)
		}
		return nil
	}
	words := func() []string {
		return strings.FieldsFunc(value, func(c rune) bool { return c == ' ' || c == ',' || c == ';' })
	}
	switch column {
	case "address":
		r.Address = value
	case "name":
		r.Name = value
	case "digest":
		r.Digest = value
	case "state":
		r.State = value
	case "topics":
		r.Topics = words()
	case "muted":
		r.Muted = words()
	case "zone":
		r.Zone = value
	case "text_only":
		return flag(&r.Text)
	case "news_only":
		return flag(&r.NewsOnly)
	case "paused_until":
		r.Paused = value
	case "since":
		r.Since = value
	case "consent_source":
		r.ConsentSource = value
	case "consent_date":
		r.ConsentDate = value
	}
	return nil
}

// row is a reader of a file, with the line on which they stand, or what is wrong
// with it.
type row struct {
	ReaderRow
	line int
	err  error
}

// rowsOfCSV reads a CSV file (RFC 4180) with names of columns in its first line.
func rowsOfCSV(in io.Reader, each func(row) error) error {
	r := csv.NewReader(in)
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return sigpost.Usage(errors.New("the file is empty: its first line has the names of the columns, such as address,name,consent_source,consent_date"))
	}
	if err != nil {
		return sigpost.Usage(err)
	}
	columns := make([]string, len(header))
	for i, name := range header {
		columns[i] = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))
		if !slices.Contains(readerColumns, columns[i]) {
			return sigpost.Usage(fmt.Errorf("line 1: there is no column %q; there are %s", name, strings.Join(readerColumns, ", ")))
		}
	}
	if !slices.Contains(columns, "address") {
		return sigpost.Usage(errors.New("line 1: the column \"address\" is missing; the first line has the names of the columns"))
	}
	for {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var one row
		var wrong *csv.ParseError
		switch {
		case errors.As(err, &wrong):
			one.line, one.err = wrong.Line, wrong.Err
		case err != nil:
			return err
		default:
			one.line, _ = r.FieldPos(0)
			if len(fields) != len(columns) {
				one.err = fmt.Errorf("it has %d fields, and the first line has %d", len(fields), len(columns))
			}
			for i := 0; i < len(fields) && one.err == nil; i++ {
				one.err = one.set(columns[i], fields[i])
			}
		}
		if err := each(one); err != nil {
			return err
		}
	}
}

// rowsOfJSON reads objects, one behind the other or in an array.
func rowsOfJSON(in io.Reader, each func(row) error) error {
	data, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if trimmed := bytes.TrimLeft(data, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '[' {
		if _, err := d.Token(); err != nil {
			return err
		}
	}
	line, counted := 1, 0
	for d.More() {
		at := int(d.InputOffset())
		at += len(data[at:]) - len(bytes.TrimLeft(data[at:], " \t\r\n,"))
		line, counted = line+bytes.Count(data[counted:at], []byte("\n")), at
		one := row{line: line}
		var broken *json.SyntaxError
		if one.err = d.Decode(&one.ReaderRow); errors.As(one.err, &broken) || errors.Is(one.err, io.ErrUnexpectedEOF) {
			return sigpost.Usage(fmt.Errorf("line %d: this is not JSON any more: %w", line, one.err))
		}
		if err := each(one); err != nil {
			return err
		}
	}
	return nil
}

// ImportOptions say how a file of readers is taken in.
type ImportOptions struct {
	// ConsentSource and ConsentDate are of all those who have none of their own.
	ConsentSource, ConsentDate string
	// Ask mails those who have not agreed yet, and asks them to confirm.
	Ask bool
	// DryRun says what would happen, and does nothing.
	DryRun bool
}

// ReadersReport says what became of the readers of a file.
type ReadersReport struct {
	Rows       int  `json:"rows"`
	Subscribed int  `json:"subscribed"`
	Already    int  `json:"already"`    // get it already, and are left as they are
	Requests   int  `json:"requests"`   // have not agreed: they are asked, or would have to be
	Asked      int  `json:"asked"`      // of them, are mailed
	Ended      int  `json:"ended"`      // had unsubscribed where the file comes from
	Left       int  `json:"left"`       // unsubscribed here after they had agreed
	Suppressed int  `json:"suppressed"` // were erased, or complained
	DryRun     bool `json:"dry_run"`
	// Doubtful counts those who are taken in and should be looked at once more: a
	// mailbox of several people, a domain a letter away from a large one. Warnings
	// say why, with their lines, of the first 20.
	Doubtful int      `json:"doubtful"`
	Warnings []string `json:"warnings,omitempty"`
}

// importErrors is how many lines that are wrong, or doubtful, are named.
const importErrors = 20

// errDry undoes a dry run.
var errDry = errors.New("dry run")

// ImportReaders takes in readers of a CSV file or, with form "json", of JSON
// objects. All of it happens, or nothing: each line that is wrong is named, and
// then nobody was subscribed. Nobody becomes active who is not said to have agreed,
// and when; nobody comes back who was erased, or left after that.
func (a *App) ImportReaders(ctx context.Context, d config.Digest, in io.Reader, form string, o ImportOptions) (r ReadersReport, err error) {
	if (o.ConsentSource == "") != (o.ConsentDate == "") {
		return r, sigpost.Usage(errors.New("a consent has a source and a date: give both --consent-source and --consent-date, or neither"))
	}
	read := rowsOfCSV
	if form == "json" {
		read = rowsOfJSON
	}
	var wrong []string
	bad := 0
	err = a.Store.Tx(ctx, func(tx *store.DB) error {
		inside := *a
		inside.Store = tx
		err := read(in, func(one row) error {
			r.Rows++
			err := one.err
			if err == nil {
				err = inside.importReader(ctx, d, one, o, &r)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err == nil || !errors.Is(err, sigpost.ErrUsage) && one.err == nil {
				return err
			}
			if bad++; bad <= importErrors {
				wrong = append(wrong, fmt.Sprintf("line %d: %v", one.line, err))
			}
			return nil
		})
		switch {
		case err != nil:
			return err
		case bad > 0:
			if bad > importErrors {
				wrong = append(wrong, fmt.Sprintf("and %d more", bad-importErrors))
			}
			return sigpost.Usage(fmt.Errorf("%s\nnobody was imported: put these lines right, then import the file once more", strings.Join(wrong, "\n")))
		case o.DryRun:
			return errDry
		}
		return nil
	})
	if r.DryRun = o.DryRun; errors.Is(err, errDry) {
		err = nil
	}
	return r, err
}

// doubt notes what should be looked at once more about a reader who is taken in.
func (r *ReadersReport) doubt(line int, addr string) {
	doubts := subscribe.Doubts(addr)
	if len(doubts) == 0 {
		return
	}
	if r.Doubtful++; r.Doubtful <= importErrors {
		r.Warnings = append(r.Warnings, fmt.Sprintf("line %d: %s: %s", line, subscribe.Readable(addr), strings.Join(doubts, " ")))
	}
}

func (a *App) importReader(ctx context.Context, d config.Digest, row row, o ImportOptions, r *ReadersReport) error {
	wish, agreed, err := a.readRow(d, row.ReaderRow, o)
	if err != nil {
		return sigpost.Usage(err)
	}
	addr := wish.Subscriber.Addr
	if row.State == string(sigpost.SubscriptionEnded) {
		r.Ended++
		return nil
	}
	if why, err := a.suppressed(ctx, addr); err != nil || why != "" {
		r.Suppressed++
		return err
	}
	p, _ := a.publicationOf(wish.Digest)
	left := time.Time{}
	if _, active, err := a.activeIn(ctx, p, addr); err != nil || active {
		r.Already++
		return err
	}
	consents, err := a.Store.Consents(ctx, addr)
	if err != nil {
		return err
	}
	for _, c := range consents {
		if _, of := p.Edition(c.Digest); of && c.What == sigpost.ConsentWithdrawn {
			left = c.At
		}
	}
	switch {
	case !left.IsZero() && !agreed.After(left):
		r.Left++
		return nil
	case agreed.IsZero():
		r.doubt(row.line, addr)
		return a.importRequest(ctx, wish, o, r)
	}
	r.Subscribed++
	r.doubt(row.line, addr)
	source := wish.Subscriber.Consent
	wish.Subscriber.Consent = fmt.Sprintf("%s, %s (imported)", source, agreed.Format("2 January 2006"))
	_, err = a.Store.Subscribe(ctx, wish, sigpost.Consent{What: sigpost.ConsentGiven, Way: sigpost.ByImport, Asked: agreed, At: a.now(), Shown: source})
	return err
}

// importRequest keeps a reader who has not agreed as a request. They are asked only
// if that is wanted.
func (a *App) importRequest(ctx context.Context, wish sigpost.Subscription, o ImportOptions, r *ReadersReport) error {
	r.Requests++
	request := sigpost.Request{Wish: wish, Way: sigpost.ByImport, Shown: "imported without a consent; asked by mail", Made: a.now(), Expires: a.now().Add(subscribe.RequestTime)}
	var err error
	if request.ID, err = a.Store.SaveRequest(ctx, request); err != nil || !o.Ask {
		return err
	}
	n, err := notices{a}.Confirm(request, a.tokens.Confirm(request.ID, request.Expires))
	if err != nil {
		return err
	}
	n.Due = a.now()
	r.Asked++
	return a.Store.QueueNotice(ctx, n)
}

// readRow makes a wish of a row; agreed is when they agreed, zero where nobody says
// so. Consent of the wish is the source.
func (a *App) readRow(d config.Digest, row ReaderRow, o ImportOptions) (wish sigpost.Subscription, agreed time.Time, err error) {
	name, addr, err := subscribe.ParseAddress(row.Address)
	if err != nil {
		return wish, agreed, err
	}
	if row.Digest != "" {
		if d, err = a.Config.Digest(row.Digest); err != nil {
			return wish, agreed, err
		}
	}
	p, _ := a.publicationOf(d.Name)
	if err := subscribe.CheckReader(addr, p.Own); err != nil {
		return wish, agreed, err
	}
	wish = sigpost.Subscription{Digest: d.Name, State: sigpost.SubscriptionActive, Text: row.Text, NewsOnly: row.NewsOnly, Since: a.now(),
		Subscriber: sigpost.Subscriber{Name: cmp.Or(row.Name, name), Addr: addr, Zone: row.Zone, Created: a.now()}}
	if _, err := time.LoadLocation(row.Zone); err != nil {
		return wish, agreed, fmt.Errorf("%q is no time zone", row.Zone)
	}
	switch row.State {
	case "", string(sigpost.SubscriptionActive), string(sigpost.SubscriptionEnded):
	default:
		return wish, agreed, fmt.Errorf("state is %q: write active or ended", row.State)
	}
	if wish.Topics, err = a.topics(row.Topics); err == nil {
		wish.Muted, err = a.muted(row.Muted)
	}
	if err != nil {
		return wish, agreed, err
	}
	if wish.PausedUntil, err = rowTime("paused_until", row.Paused, d.Location()); err != nil {
		return wish, agreed, err
	}
	source, date := row.ConsentSource, row.ConsentDate
	if source == "" && date == "" {
		source, date = o.ConsentSource, o.ConsentDate
	}
	if (source == "") != (date == "") {
		return wish, agreed, errors.New("a consent has a source and a date: consent_source and consent_date are both needed")
	}
	wish.Subscriber.Consent = source
	if agreed, err = rowTime("consent_date", date, d.Location()); err == nil && agreed.After(a.now()) {
		err = fmt.Errorf("consent_date %s is in the future", date)
	}
	return wish, agreed, err
}

func rowTime(what, s string, zone *time.Location) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, s, zone)
	if err != nil {
		err = fmt.Errorf("%s is %s: write it as 2016-04-25", what, strconv.Quote(s))
	}
	return t, err
}

// ExportReaders writes the readers of all editions of a digest, active and ended,
// as CSV or, with form "json", as JSON objects, one a line. An import takes what it
// writes.
func (a *App) ExportReaders(ctx context.Context, d config.Digest, out io.Writer, form string) error {
	lines, cells := json.NewEncoder(out), csv.NewWriter(out)
	if form != "json" {
		if err := cells.Write(readerColumns); err != nil {
			return err
		}
	}
	err := a.Subscriptions(ctx, a.base(d), func(s sigpost.Subscription) error {
		row := rowOf(s)
		if form == "json" {
			return lines.Encode(row)
		}
		return cells.Write(row.fields())
	})
	if err != nil {
		return err
	}
	cells.Flush()
	return cells.Error()
}

func rowOf(s sigpost.Subscription) ReaderRow {
	tags := func(all []sigpost.Tag) []string {
		if len(all) == 0 {
			return nil
		}
		return names(all)
	}
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.Format(time.RFC3339)
	}
	return ReaderRow{Address: s.Subscriber.Addr, Name: s.Subscriber.Name, Digest: s.Digest, State: string(s.State), Topics: tags(s.Topics), Muted: tags(s.Muted), Zone: s.Subscriber.Zone,
		Text: s.Text, NewsOnly: s.NewsOnly, Paused: at(s.PausedUntil), Since: at(s.Since), ConsentSource: s.Subscriber.Consent, ConsentDate: at(s.Since)}
}
