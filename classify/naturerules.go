package classify

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"

	"sigpost"
	"sigpost/internal/tomlfile"
)

// naturesTOML is the table of rules, with what each key means.
//
//go:embed natures.toml
var naturesTOML []byte

// natureTable is what stands in it.
type natureTable struct {
	Negations  []string     `toml:"negations"`
	Conditions []string     `toml:"conditions"`
	Opening    []natureRule `toml:"opening"` // what a thread began as
	Ending     []natureRule `toml:"ending"`  // how it has ended
}

// natureRule is one reason for a nature, or against it.
type natureRule struct {
	Nature sigpost.Nature `toml:"nature"`
	Name   string         `toml:"name"`
	In     string         `toml:"in"`
	Unless string         `toml:"unless"`
	Weight float64        `toml:"weight"`
	Cues   []string       `toml:"cues"`
}

// scope is where in a thread a rule looks.
type scope uint8

const (
	inTag     scope = iota // in brackets, or before the colon, of the opener's subject
	inSubject              // in the rest of the opener's subject
	inOpening              // in what the opener says
	inReply                // in what anybody says in a reply
	byOther                // in what somebody else says in a reply
	byAsker                // in what the opener's author says once somebody else has replied
	inAnyTag               // as inTag, of any message
)

// scopes are their names in the table.
var scopes = map[string]scope{
	"tag": inTag, "subject": inSubject, "text": inOpening, "replies": inReply,
	"replies of others": byOther, "replies of the asker": byAsker, "any tag": inAnyTag,
}

// guard is what takes a cue its meaning.
type guard uint8

const (
	always    guard = iota // nothing
	unlessNot              // "not", "never" and the like before it, in its sentence
	ifStated               // that, or its sentence is a question
	ifDone                 // that, or "will", "should", "if" and the like before it
)

// guards are their names in the table.
var guards = map[string]guard{
	"": always, "negated": unlessNot, "negated or asked": ifStated, "negated, asked or open": ifDone,
}

// guardWords is how many words before a cue are looked at.
const guardWords = 3

// What no cue tells.
const (
	// robotWeight is for a thread without a person.
	robotWeight = 3
	// discussionWeight is what every thread has for being a discussion.
	discussionWeight = 1.4
	// lostOpener is the factor of all that a first message shows that is itself
	// a reply: what it answers was not seen.
	lostOpener = 0.4
	// statementWeight is for a reply by somebody else that says something and
	// asks nothing.
	statementWeight = 1.2
	// openWeight is against an answer: the asker has asked on, and nobody has
	// replied since.
	openWeight = 2
	// newsWeight is from where on an announcement is one of something that has a
	// nature of its own.
	newsWeight = 2
	// endingWeight is from where on a question is answered, a proposal or a
	// call decided.
	endingWeight = 1
)

// natureCode is to be raised when the same rules are read or weighed in another
// way.
const natureCode = "1"

// natureVersion differs where a thread could get another nature.
func natureVersion() string {
	h := sha256.New()
	fmt.Fprint(h, natureCode, string(naturesTOML), guardWords,
		robotWeight, discussionWeight, lostOpener, statementWeight, openWeight, newsWeight, endingWeight)
	return hex.EncodeToString(h.Sum(nil))
}

// readNatures reads the table.
func readNatures() (*natureTable, error) {
	t := &natureTable{}
	if err := tomlfile.Decode("natures.toml", naturesTOML, t); err != nil {
		return nil, err
	}
	for _, rules := range [2][]natureRule{t.Opening, t.Ending} {
		for _, r := range rules {
			_, where := scopes[r.In]
			_, when := guards[r.Unless]
			if !where || !when || r.Nature.Title() == "" || r.Name == "" || r.Weight == 0 || len(r.Cues) == 0 {
				return nil, fmt.Errorf("natures.toml: the rule %+v is not whole", r)
			}
		}
	}
	return t, nil
}
