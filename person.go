package sigpost

import "time"

// Role says what somebody may do on the pages. Each may what those before it may.
type Role string

// The roles, from the one that may least.
const (
	// RoleNobody is who has not signed in: reading, and what a link in a letter
	// is for.
	RoleNobody Role = ""
	// RoleReader may see and end their own sessions; reading and reporting what is
	// wrong are for everybody.
	RoleReader Role = "reader"
	// RoleReviewer decides on tags, natures and threads, and hides messages.
	RoleReviewer Role = "reviewer"
	// RoleEditor also edits, approves and schedules issues.
	RoleEditor Role = "editor"
	// RoleAdmin also sees deliveries and sessions, and acts on quarantine.
	RoleAdmin Role = "admin"
)

// Roles are those that somebody can be given, from the one that may least.
func Roles() []Role { return []Role{RoleReader, RoleReviewer, RoleEditor, RoleAdmin} }

// May says whether this role may do what needs the other one.
func (r Role) May(needed Role) bool { return r.rank() >= needed.rank() }

// rank is 0 for nobody, and for a role that there is not.
func (r Role) rank() int {
	for i, known := range Roles() {
		if r == known {
			return i + 1
		}
	}
	return 0
}

// Person is somebody who has signed in.
type Person struct {
	// Addr is the address by which the configuration names them, Role what they
	// may do by the configuration of now.
	Addr string
	Role Role
	// Session numbers the session, which ends at Expires.
	Session int64
	Expires time.Time
}

// WebSession is a time for which somebody has signed in, on one browser.
type WebSession struct {
	ID   int64
	Addr string
	// Way says how they proved who they are.
	Way SignInWay
	// Network and Agent are where they signed in from, and with which browser, so
	// that they know it again in a list.
	Network, Agent string
	// Seen is when it was used last, to within SessionSeen.
	Created, Seen, Expires, Revoked time.Time
}

// Open says whether a session holds at a moment.
func (s WebSession) Open(now time.Time) bool { return s.Revoked.IsZero() && s.Expires.After(now) }

// SessionSeen is how much later than WebSession.Seen it may have been used.
const SessionSeen = 15 * time.Minute

// SignInWay says how somebody proved who they are.
type SignInWay string

// The ways to sign in.
const (
	SignInByMail     SignInWay = "mail"     // a link that was mailed to them
	SignInByTerminal SignInWay = "terminal" // a link that the command line printed
)

// SignInLink signs somebody in, once.
type SignInLink struct {
	Addr string
	Way  SignInWay
	// Back is the path that they came from, or empty.
	Back          string
	Made, Expires time.Time
}
