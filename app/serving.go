package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sigpost/config"
)

// Serving is what "sigpost serve" does: the pages, the watch on mailboxes, and all jobs
// when they are due, by a configuration that may be exchanged while it goes on. Where
// work is shared with other processes, it is what "sigpost work" does.
type Serving struct {
	Listener net.Listener // of the pages; nil where there are none
	// PagesOnly leaves reading, composing and sending to others: only what readers and
	// reviewers wait for is done, letters to single people and drafts.
	PagesOnly bool
	// Reload says that the configuration is to be read anew, and Load reads it.
	Reload <-chan struct{}
	Load   func() (*config.Config, error)
	// Manager is told how it goes; nil where nobody wants to know.
	Manager Manager

	handler atomic.Pointer[http.Handler]
	share   *share             // of work that other processes do too; nil where all is done here
	stop    context.CancelFunc // of the work of the present configuration
	work    sync.WaitGroup
	failed  chan error // why nothing goes on any more
}

// Manager is a service manager: sd_notify(3) has the words.
type Manager interface {
	Ready(status string)
	Reloading()
	Stopping()
	Status(status string)
	Alive()
	// Watchdog is how often Alive has to be told; zero where it need not.
	Watchdog() time.Duration
}

// Serve serves the pages until ctx is done; then requests that go on have a few seconds
// to end.
func (a *App) Serve(ctx context.Context, listener net.Listener) error {
	return (&Serving{Listener: listener, PagesOnly: true}).Run(ctx, a)
}

// Run serves until ctx is done, and then ends within ten seconds: what is being done is
// left as a crash would leave it at worst, and is gone on with the next time.
func (s *Serving) Run(ctx context.Context, a *App) error {
	s.failed = make(chan error, 1)
	if err := s.take(ctx, a); err != nil {
		return err
	}
	server := s.serve()
	s.tell(func(m Manager) { m.Ready(s.status()) })
	alive, stopAlive := s.watchdog()
	defer stopAlive()
	for {
		select {
		case err := <-s.failed: // the listener or the queue of jobs is broken
			s.stop()
			err = errors.Join(err, shut(ctx, server))
			s.work.Wait()
			return err
		case <-s.Reload:
			a = s.reload(ctx, a)
		case <-alive:
			if err := a.Alive(ctx); err != nil {
				a.log.Error("the service manager is not told that all is well", "error", err)
			} else {
				s.Manager.Alive()
			}
		case <-ctx.Done():
			s.tell(func(m Manager) { m.Stopping() })
			s.stop()
			err := shut(ctx, server)
			s.work.Wait()
			return err
		}
	}
}

// serve begins to serve the pages, where there are any.
func (s *Serving) serve() *http.Server {
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			(*s.handler.Load()).ServeHTTP(w, r)
		}),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
	}
	if s.Listener != nil {
		go func() { s.fails(server.Serve(s.Listener)) }()
	}
	return server
}

// fails ends all for a reason, of which the first is told. It was begun and went well
// until then, so that it is right to begin it anew.
func (s *Serving) fails(err error) {
	select {
	case s.failed <- stageFailed{err}:
	default:
	}
}

// shut lets requests that go on end, and after some seconds ends them.
func shut(ctx context.Context, server *http.Server) error {
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdown)
	defer cancel()
	if err := server.Shutdown(limit); err != nil { // somebody is slow: no reason to wait longer
		return server.Close()
	}
	return nil
}

func (s *Serving) tell(what func(Manager)) {
	if s.Manager != nil {
		what(s.Manager)
	}
}

func (s *Serving) status() string {
	if s.Listener == nil {
		return "Working: " + strings.Join(s.share.roles, ", ")
	}
	return "Serving " + PagesAt(s.Listener.Addr().String()) + "/"
}

// watchdog ticks when the manager wants a sign of life.
func (s *Serving) watchdog() (<-chan time.Time, func()) {
	if s.Manager == nil || s.Manager.Watchdog() == 0 {
		return nil, func() {}
	}
	t := time.NewTicker(s.Manager.Watchdog())
	return t.C, t.Stop
}

// take serves by an app from now on, and begins its work.
func (s *Serving) take(ctx context.Context, a *App) error {
	handler, err := s.pages(a)
	if err != nil {
		return err
	}
	if s.reads() {
		if _, err := a.sources(); err != nil { // what keeps it from reading any mail
			return err
		}
	}
	if s.share != nil {
		if err := a.checkSecret(ctx); err != nil {
			return err
		}
	}
	if s.stop != nil {
		s.stop()
		s.work.Wait()
	}
	s.handler.Store(&handler)
	var working context.Context
	working, s.stop = context.WithCancel(ctx)
	s.work.Go(func() { a.tellMonitor(working) })
	if !s.PagesOnly {
		if err := a.forgetTroubles(ctx); err != nil {
			a.log.Warn("troubles of what the configuration does not have any more stay", "error", err)
		}
	}
	if s.share != nil {
		s.work.Go(func() {
			if err := a.work(working, s.share); err != nil && working.Err() == nil {
				s.fails(err)
			}
		})
		return nil
	}
	s.work.Go(func() { a.watchDrafts(working) })
	if s.PagesOnly {
		s.work.Go(func() { a.watchNotices(working) })
		return nil
	}
	s.work.Go(func() { a.Schedule(working) })
	if len(a.Config.Accounts) > 0 {
		s.work.Go(func() { a.Watch(working) })
	}
	return nil
}

// pages are those of an app, where any are served.
func (s *Serving) pages(a *App) (http.Handler, error) {
	if s.Listener == nil {
		return nil, nil
	}
	a.people.serving(s.Listener.Addr().String())
	return a.Handler()
}

// reads says whether this process reads mail.
func (s *Serving) reads() bool {
	if s.share != nil {
		return slices.Contains(s.share.roles, RoleIngest)
	}
	return !s.PagesOnly
}

// reload exchanges the configuration, where the new one is right. Else the old one
// stays, and the log says why.
func (s *Serving) reload(ctx context.Context, a *App) *App {
	s.tell(Manager.Reloading)
	status := s.status()
	next, restart, err := s.next(ctx, a)
	if err != nil && ctx.Err() != nil { // it is to end, and that is all
		return a
	}
	if err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			a.log.Error("the configuration was not read anew: the old one stays", "error", line)
		}
		status += "; the new configuration is wrong, the old one stays"
	} else {
		a = next
		for _, key := range restart {
			a.log.Warn("the configuration was read anew, but for what needs a restart", "key", key)
		}
		a.log.Info("the configuration was read anew", "file", a.Config.File())
	}
	s.tell(func(m Manager) { m.Ready(status) })
	return a
}

// next reads the configuration and serves by it.
func (s *Serving) next(ctx context.Context, a *App) (next *App, restart []string, err error) {
	if s.Load == nil {
		return nil, nil, errors.New("it cannot be read anew")
	}
	cfg, err := s.Load()
	if err != nil {
		return nil, nil, err
	}
	next, restart, err = a.Reload(ctx, cfg)
	if err == nil {
		err = s.take(ctx, next)
	}
	return next, restart, err
}

// stays keeps what a key says as it was, and gives the key where it says something else.
func stays[T comparable](key string, old T, now *T) string {
	if *now == old {
		return ""
	}
	*now = old
	return key
}

// Reload is an app with another configuration and the same archive. restart are the
// keys that differ and have to stay as they are until the program begins anew.
func (a *App) Reload(ctx context.Context, cfg *config.Config) (next *App, restart []string, err error) {
	old := a.Config
	for _, differs := range []string{
		stays("archive.database", old.Archive.Database, &cfg.Archive.Database),
		stays("archive.database_file", old.Archive.DatabaseFile, &cfg.Archive.DatabaseFile),
		stays("archive.database_env", old.Archive.DatabaseEnv, &cfg.Archive.DatabaseEnv),
		stays("web.listen", old.Web.Listen, &cfg.Web.Listen),
		stays("metrics.listen", old.Metrics.Listen, &cfg.Metrics.Listen),
		stays("metrics.pprof", old.Metrics.Pprof, &cfg.Metrics.Pprof),
		stays("log.format", old.Log.Format, &cfg.Log.Format),
		stays("log.level", old.Log.Level, &cfg.Log.Level),
	} {
		if differs != "" {
			restart = append(restart, differs)
		}
	}
	o := a.options
	o.Store = a.Store
	next, err = Open(ctx, cfg, o)
	if err != nil {
		return nil, nil, fmt.Errorf("the new configuration cannot be used: %w", err)
	}
	return next, restart, nil
}
