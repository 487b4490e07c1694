package sigpost

import (
	"context"
	"time"
)

// AuditEntry is one act of a person: who did what, when, and how to take it back.
type AuditEntry struct {
	ID int64
	At time.Time
	// Who is the address that somebody signed in with, the login of who used the
	// command line, or AuditProgram. Where it is empty as an entry is written, it
	// is Acting's.
	Who    string
	Action AuditAction
	// Kind and Object name what it was done to: the thread 12, the message of a
	// Message-ID, the issue weekly/3.
	Kind   AuditKind
	Object string
	// Says is the act in words, for people: "accepted the tag Kuryr". It names no
	// reader but by a masked address.
	Says string
	// Detail is more of it as JSON, or empty.
	Detail string
	// Undo is what is needed to take it back, as JSON; empty where it cannot be.
	Undo string
	// Undoes is the entry that this one takes back, UndoneBy the one that took this
	// one back; 0 where there is none.
	Undoes, UndoneBy int64
}

// AuditProgram is who did what no person did.
const AuditProgram = "sigpost"

// AuditAction says what was done.
type AuditAction string

// The actions.
const (
	AuditTagAccept   AuditAction = "tag accept"
	AuditTagReject   AuditAction = "tag reject"
	AuditThreadSplit AuditAction = "thread split"
	AuditThreadMerge AuditAction = "thread merge"

	AuditTagBulk        AuditAction = "tag bulk"        // several threads at once
	AuditThreadReattach AuditAction = "thread reattach" // a message moved to another thread
	AuditThreadReviewed AuditAction = "thread reviewed" // looked at and left as it is

	AuditIssueEdit      AuditAction = "issue edit"
	AuditIssueRebuild   AuditAction = "issue rebuild"
	AuditIssueReady     AuditAction = "issue ready"
	AuditIssueApprove   AuditAction = "issue approve"
	AuditIssueUnapprove AuditAction = "issue unapprove"
	AuditSendingPause   AuditAction = "sending pause"
	AuditSendingResume  AuditAction = "sending resume"
	AuditSendingCancel  AuditAction = "sending cancel"
	AuditSendingRetry   AuditAction = "sending retry"
	AuditSendingArrived AuditAction = "sending arrived" // somebody says so of what was held

	AuditQuarantineRetry AuditAction = "quarantine retry"

	AuditSignInLink    AuditAction = "sign-in link" // one was made on the terminal
	AuditSignIn        AuditAction = "sign in"
	AuditSignOut       AuditAction = "sign out"
	AuditSessionRevoke AuditAction = "session revoke"

	AuditUndo AuditAction = "undo" // what AuditEntry.Undoes did

	AuditMessageHide AuditAction = "message hide"
	AuditMessageShow AuditAction = "message show"
)

// AuditActions are all actions.
func AuditActions() []AuditAction {
	return []AuditAction{AuditTagAccept, AuditTagReject, AuditTagBulk, AuditThreadReviewed, AuditThreadSplit, AuditThreadMerge, AuditThreadReattach, AuditMessageHide, AuditMessageShow,
		AuditIssueEdit, AuditIssueRebuild, AuditIssueReady, AuditIssueApprove, AuditIssueUnapprove, AuditSendingPause, AuditSendingResume, AuditSendingCancel, AuditSendingRetry, AuditSendingArrived,
		AuditQuarantineRetry, AuditSignInLink, AuditSignIn, AuditSignOut, AuditSessionRevoke, AuditUndo}
}

// UndoNeeds is the role that taking an act back needs at least: that of who may do
// such things. For what nobody can take back it is RoleAdmin.
func (a AuditAction) UndoNeeds() Role {
	switch a {
	case AuditTagAccept, AuditTagReject, AuditTagBulk, AuditThreadReviewed, AuditThreadSplit, AuditThreadMerge, AuditThreadReattach, AuditMessageHide, AuditMessageShow:
		return RoleReviewer
	case AuditIssueEdit, AuditIssueApprove:
		return RoleEditor
	}
	return RoleAdmin
}

// AuditKinds are all kinds.
func AuditKinds() []AuditKind {
	return []AuditKind{AuditThread, AuditMessage, AuditIssue, AuditTag, AuditQuarantine, AuditSession, AuditPerson}
}

// AuditKind says what something was done to.
type AuditKind string

// The kinds.
const (
	AuditThread     AuditKind = "thread"     // Object is its number
	AuditMessage    AuditKind = "message"    // its Message-ID
	AuditIssue      AuditKind = "issue"      // digest/number
	AuditSession    AuditKind = "session"    // its number
	AuditPerson     AuditKind = "person"     // the address in the configuration
	AuditQuarantine AuditKind = "quarantine" // the number of the mail
	AuditTag        AuditKind = "tag"        // kind:name
)

type actingKey struct{}

// ActingAs gives a context in which what is done is done by somebody.
func ActingAs(ctx context.Context, who string) context.Context {
	return context.WithValue(ctx, actingKey{}, who)
}

// Acting is who does what is done in a context: AuditProgram where nobody was
// named.
func Acting(ctx context.Context) string {
	if who, _ := ctx.Value(actingKey{}).(string); who != "" {
		return who
	}
	return AuditProgram
}
