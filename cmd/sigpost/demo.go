package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"sigpost/app"
	"sigpost/config"
	"sigpost/internal/mailtest"
	"sigpost/message"
)

type demoCommand struct {
	Out     string `type:"path" placeholder:"DIR" help:"Where to write the archive and the issue (default: a new temporary folder)."`
	NoServe bool   `help:"Do not serve the pages at the end."`
	Listen  string `default:"127.0.0.1:0" placeholder:"ADDR" help:"Where to serve the pages (default: 127.0.0.1 and a free port)."`
}

//go:embed demo.toml.tmpl
var demoConfig string

// demoNow is a Monday morning, an hour after the demo's issue was due.
var demoNow = time.Date(2016, 4, 25, 14, 0, 0, 0, time.UTC)

// demoReaders are those who get the issue.
var demoReaders = []app.NewReader{
	{Address: "Ana Moreau <ana@readers.example.org>", Zone: "Europe/Paris"},
	{Address: "Ben Okafor <ben@readers.example.org>", Zone: "America/New_York", Topics: []string{"magnum", "kuryr", "kolla"}},
	{Address: "Chiyo Tanaka <chiyo@readers.example.org>", Zone: "Asia/Tokyo", Topics: []string{"openstack-on-kubernetes"}},
}

const demoConsent = "invented for the demo"

// Run shows the whole way a message goes, on embedded parts.
func (c demoCommand) Run(s *session) error {
	dir, err := c.folder()
	if err != nil {
		return err
	}
	if s.Now == "" {
		begin := time.Now()
		s.now = func() time.Time { return demoNow.Add(time.Since(begin)) }
	}
	world, err := startDemoWorld(s.now)
	if err != nil {
		return err
	}
	defer world.close()
	if !c.NoServe {
		if world.pages, err = app.Listen(c.Listen); err != nil {
			return err
		}
		defer world.pages.Close()
	}
	a, err := s.openDemo(dir, world)
	if err != nil {
		return err
	}
	defer a.Close()
	if !s.JSON {
		fmt.Fprintf(s.stdout, "A week of a sample list, on mail servers inside this program: nothing leaves this machine.\n\n")
	}
	if err := s.showDemo(a, dir, world); err != nil {
		return err
	}
	if c.NoServe {
		return nil
	}
	out := s.stdout
	if s.JSON {
		out = s.stderr
	}
	fmt.Fprintf(out, "\nServing http://%s/ (the issue, the tagged threads, the form to subscribe) until interrupted.\n", world.pages.Addr())
	s.tellFirstLink(a, world.pages.Addr().String(), out)
	ctx, stop := context.WithCancel(s.ctx)
	shown := make(chan error, 1)
	go func() { shown <- showMail(ctx, out, dir, world.smtp) }()
	err = a.Serve(ctx, world.pages)
	stop()
	return errors.Join(err, <-shown)
}

// showMail writes each mail that comes while the demo serves, and says what is in
// it: nobody else reads it.
func showMail(ctx context.Context, out io.Writer, dir string, smtp *mailtest.SMTP) error {
	ticker := time.NewTicker(500 * time.Millisecond)
	defer ticker.Stop()
	for known := len(smtp.Letters()); ; {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		letters := smtp.Letters()
		for ; known < len(letters); known++ {
			l := letters[known]
			file := filepath.Join(dir, fmt.Sprintf("mail-%d.eml", known+1))
			if err := os.WriteFile(file, l.Data, 0o644); err != nil {
				return err
			}
			m, err := message.Parse(l.Data)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "\nMail to %s, written to %s:\n\n%s\n", l.To[0], file, m.Text)
		}
	}
}

// folder is where the demo writes. One that has files in it is left alone.
func (c demoCommand) folder() (string, error) {
	if c.Out == "" {
		return os.MkdirTemp("", "sigpost-demo-")
	}
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(c.Out)
	if err == nil && len(entries) > 0 {
		err = fmt.Errorf("%s is not empty: the demo writes into a new or an empty folder", c.Out)
	}
	return c.Out, err
}

// demoWorld is the mail world around sigpost, inside this process.
type demoWorld struct {
	imap  *mailtest.IMAP
	smtp  *mailtest.SMTP
	pages net.Listener // nil where none are served
	mails int
}

func startDemoWorld(now func() time.Time) (*demoWorld, error) {
	mails := mailtest.SampleList()
	// What arrives after the demo's present is not there yet.
	for len(mails) > 0 && mails[len(mails)-1].Received.After(now()) {
		mails = mails[:len(mails)-1]
	}
	imap, err := mailtest.StartIMAP(mailtest.IMAPOptions{Username: "archive@example.com", Password: "demo", Security: mailtest.ImplicitTLS})
	if err != nil {
		return nil, err
	}
	if err := imap.Append("INBOX", mails); err != nil {
		imap.Close()
		return nil, err
	}
	smtp, err := mailtest.StartSMTP(mailtest.SMTPOptions{Now: now})
	if err != nil {
		imap.Close()
		return nil, err
	}
	return &demoWorld{imap: imap, smtp: smtp, mails: len(mails)}, nil
}

func (w *demoWorld) close() {
	w.imap.Close()
	w.smtp.Close()
}

// openDemo writes the demo's configuration and opens it.
func (s *session) openDemo(dir string, w *demoWorld) (*app.App, error) {
	values := struct{ Dir, IMAP, SMTP, Pages string }{Dir: dir, IMAP: w.imap.Addr, SMTP: w.smtp.Addr}
	if w.pages != nil {
		values.Pages = w.pages.Addr().String()
	}
	var text bytes.Buffer
	if err := template.Must(template.New("").Parse(demoConfig)).Execute(&text, values); err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "config.toml")
	for path, data := range map[string][]byte{
		file:                                 text.Bytes(),
		filepath.Join(dir, "ca.pem"):         w.imap.CA.PEM,
		filepath.Join(dir, "imap.password"):  []byte("demo\n"),
		filepath.Join(dir, "sigpost.secret"): []byte("not a secret: this signs the links of a demo\n"),
	} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return nil, err
		}
	}
	cfg, err := config.Load(file)
	if err != nil {
		return nil, err
	}
	return s.openConfig(cfg, app.Options{})
}

// showDemo runs the stages and says what happened in each.
func (s *session) showDemo(a *app.App, dir string, w *demoWorld) error {
	d, err := a.Config.Digest("")
	if err != nil {
		return err
	}
	for _, r := range demoReaders {
		r.Consent = demoConsent
		if _, err := a.Subscribe(s.ctx, d, r); err != nil {
			return err
		}
	}
	report, err := a.Run(s.ctx, false)
	if err != nil {
		return err
	}
	if err := s.tell(report, func(out io.Writer) { tellRun(out, report) }); err != nil {
		return err
	}
	files, err := s.writeDemo(a, dir, w)
	if err != nil || s.JSON {
		return err
	}
	fmt.Fprintf(s.stdout, "\nWritten to %s:\n", dir)
	for _, f := range files {
		fmt.Fprintf(s.stdout, "  %s\n", f)
	}
	return nil
}

// writeDemo writes the issue, and the letters as the mail server got them.
func (s *session) writeDemo(a *app.App, dir string, w *demoWorld) ([]string, error) {
	d, err := a.Config.Digest("")
	if err != nil {
		return nil, err
	}
	issue, err := a.Store.LastIssue(s.ctx, d.Name)
	if err != nil {
		return nil, err
	}
	var files []string
	write := func(name string, data []byte) error {
		files = append(files, name)
		return os.WriteFile(filepath.Join(dir, name), data, 0o644)
	}
	for format, ending := range map[string]string{"eml": "eml", "html": "html", "text": "txt"} {
		data, err := a.Copy(s.ctx, d, issue, format, "")
		if err != nil {
			return nil, err
		}
		if err := write(fmt.Sprintf("issue-%d.%s", issue.Number, ending), data); err != nil {
			return nil, err
		}
	}
	for _, l := range w.smtp.Letters() {
		local, _, _ := strings.Cut(l.To[0], "@")
		if err := write("to-"+local+".eml", l.Data); err != nil {
			return nil, err
		}
	}
	return sorted(files), nil
}
