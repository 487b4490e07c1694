package sigpost

import "slices"

// Nature is what kind of conversation a thread is. Every thread that was
// looked at has exactly one, as a tag of KindNature.
type Nature string

// The natures.
const (
	NatureRobot        Nature = "robot"        // all of it was written by programs
	NatureAdvisory     Nature = "advisory"     // tells of a hole in security and its mend
	NatureRelease      Nature = "release"      // a version is out
	NatureCall         Nature = "call"         // for papers, votes, nominations
	NatureMeeting      Nature = "meeting"      // its invitation, agenda or minutes
	NatureDecision     Nature = "decision"     // a proposal with a stated outcome
	NatureProposal     Nature = "proposal"     // a patch, a draft, a suggestion
	NatureAnnouncement Nature = "announcement" // any other news
	NatureAnswered     Nature = "answered"     // a question with an answer
	NatureQuestion     Nature = "question"     // one without
	NatureDiscussion   Nature = "discussion"   // none of the others
)

// Natures gives them all. Of two that have as much to say for themselves, the
// first in this order holds.
func Natures() []Nature {
	return []Nature{
		NatureRobot, NatureAdvisory, NatureRelease, NatureCall, NatureMeeting, NatureDecision,
		NatureProposal, NatureAnnouncement, NatureAnswered, NatureQuestion, NatureDiscussion,
	}
}

// Tag is the nature as the tag of a thread.
func (n Nature) Tag() Tag { return Tag{Kind: KindNature, Name: string(n)} }

// Title is the nature in words, as they stand beside a thread; "" for what is
// none.
func (n Nature) Title() string {
	switch n {
	case NatureRobot:
		return "By programs"
	case NatureAdvisory:
		return "Security advisory"
	case NatureRelease:
		return "Release"
	case NatureCall:
		return "Call"
	case NatureMeeting:
		return "Meeting"
	case NatureDecision:
		return "Decided"
	case NatureProposal:
		return "Proposal"
	case NatureAnnouncement:
		return "Announcement"
	case NatureAnswered:
		return "Answered"
	case NatureQuestion:
		return "Needs an answer"
	case NatureDiscussion:
		return "Discussion"
	}
	return ""
}

// NatureOf finds the nature among the tags of a thread; "" where it was not
// looked at yet.
func NatureOf(taggings []Tagging) Nature {
	i := slices.IndexFunc(taggings, func(t Tagging) bool { return t.Tag.Kind == KindNature })
	if i < 0 {
		return ""
	}
	return Nature(taggings[i].Tag.Name)
}
