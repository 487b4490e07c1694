// Package sdnotify tells a service manager how a service stands: sd_notify(3).
package sdnotify

import (
	"os"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/coreos/go-systemd/v22/journal"
)

// Manager is the service manager that started this process. Where none did, or it
// does not want to know, nothing is told.
type Manager struct {
	// Failed is told what could not be told, once; it may be nil.
	Failed func(error)
	failed bool
}

// Kept says whether a service manager keeps what this process prints, for others to read:
// it wants to be told, or has standard output go to its journal (systemd.exec(5),
// JOURNAL_STREAM).
func Kept() bool {
	stream, err := journal.StdoutIsJournalStream()
	return err == nil && stream || os.Getenv("NOTIFY_SOCKET") != ""
}

func (m *Manager) tell(lines ...string) {
	_, err := daemon.SdNotify(false, strings.Join(lines, "\n"))
	if err != nil && !m.failed && m.Failed != nil {
		m.failed = true
		m.Failed(err)
	}
}

// Ready says that the service has started, or has its new configuration.
func (m *Manager) Ready(status string) { m.tell(daemon.SdNotifyReady, "STATUS="+line(status)) }

// Reloading says that the service reads its configuration anew. Ready has to follow,
// also where the old one stays (Type=notify-reload, systemd.service(5)).
func (m *Manager) Reloading() {
	m.tell(daemon.SdNotifyReloading, strings.TrimSpace(daemon.SdNotifyMonotonicUsec()))
}

// Stopping says that the service ends.
func (m *Manager) Stopping() { m.tell(daemon.SdNotifyStopping, "STATUS=Stopping.") }

// Status says in words how the service stands.
func (m *Manager) Status(status string) { m.tell("STATUS=" + line(status)) }

// Alive says that the service is not stuck.
func (m *Manager) Alive() { m.tell(daemon.SdNotifyWatchdog) }

// Watchdog is how often Alive has to be told, zero where it need not: half of what the
// manager waits for, as sd_watchdog_enabled(3) advises.
func (m *Manager) Watchdog() time.Duration {
	every, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return 0
	}
	return every / 2
}

// line keeps words from being several assignments.
func line(words string) string { return strings.Join(strings.Fields(words), " ") }
