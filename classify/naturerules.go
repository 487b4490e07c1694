package classify

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"sigpost"
)

// natureRule is one reason for a nature. It counts once for a thread, at the
// first place where one of its cues stands. docs/taxonomy.md tells of the
// rules in words.
type natureRule struct {
	nature sigpost.Nature
	weight float64
	scope  scope
	guard  guard
	name   string // for people
	cues   string // as parseCue reads them, with commas between
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

// guard is what takes a cue its meaning.
type guard uint8

const (
	always    guard = iota // nothing
	unlessNot              // "not", "never" and the like before it, in its sentence
	ifStated               // that, or its sentence is a question
	ifDone                 // that, or "will", "should", "if" and the like before it
)

// The words of guards, and how many words they may stand before a cue.
const (
	guardWords  = 3
	notWords    = "not no nor never nothing without isnt arent wasnt werent dont doesnt didnt cant cannot couldnt wont wouldnt shouldnt havent hasnt hadnt aint neither plans plan planning expected"
	notYetWords = "will would should shall can could may might must to be being if when whenever once until till unless before after please let lets pls cannot getting get want wants need needs id youd hope hopefully expect suppose assuming"
)

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
	fmt.Fprint(h, natureCode, openingRules(), endingRules(), guardWords, notWords, notYetWords,
		robotWeight, discussionWeight, lostOpener, statementWeight, openWeight, newsWeight, endingWeight)
	return hex.EncodeToString(h.Sum(nil))
}

// openingRules say as what a thread began. What its author calls it in
// brackets weighs more than the words of a text can.
func openingRules() []natureRule {
	return []natureRule{
		{sigpost.NatureAdvisory, 9, inTag, always, "tag of advisories", "ossa, ossn, xsa, advisory, security advisory|notice|bulletin, <advisory>"},
		{sigpost.NatureAdvisory, 0.7, inTag, always, "tag", "security, vmt"},
		{sigpost.NatureAdvisory, 5, inSubject, ifStated, "advisory's number", "<advisory>"},
		{sigpost.NatureAdvisory, 3, inSubject, ifStated, "CVE number", "<cve>"},
		{sigpost.NatureAdvisory, 3, inSubject, ifStated, "subject", "security advisory|notice|bulletin|alert|errata|update|release|fix, vulnerability in, errata alert"},
		{sigpost.NatureAdvisory, 1.5, inOpening, ifStated, "words of an advisory", `
			security advisory|notice|bulletin, <advisory>, a vulnerability in|was|has|allows, affected versions, versions affected, all|release releases|versions prior,
			users are advised|urged, should upgrade immediately, reported a vulnerability, responsibly disclosed, remote|arbitrary code execution`},
		{sigpost.NatureAdvisory, 1, inOpening, ifStated, "CVE number", "<cve>"},

		{sigpost.NatureRelease, 6, inSubject, ifStated, "version in the subject", `
			<version> released|available|tagged|out, <version> release $, <version> release is|candidate|notes|announcement, <version> is|now|has|have|final|stable|beta|alpha available|released|tagged|out|release, <version> is|has now|been available|released|tagged|out,
			<version> * release|released, ^ release|version <version>, released|releasing|tagged <version>, version <version> is|released|available|tagged|out, release candidate <version>,
			announce|announcing|announcement|ann <version>, announce|announcing|announcement|ann * <version>, announce|announcing|announcement|ann * * <version>, announce|announcing * release|version <version>,
			releases * <version>, ^ release of * <version>, releases version <version>`},
		{sigpost.NatureRelease, 2.5, inSubject, ifStated, "release in the subject", "new release, release announcement, stable|beta|maintenance|point|bugfix release, release candidate, now available, releases $"},
		{sigpost.NatureRelease, 1, inSubject, ifStated, "number of a version", "<version>"},
		{sigpost.NatureRelease, 1.2, inTag, always, "tag of releases", "release, releases, new, new release, release-announce"},
		{sigpost.NatureRelease, 3, inOpening, ifDone, "tells of a release", `
			<version> has|have been released|tagged|published, <version> is|are now|out|available|released, released|tagged|releasing <version>, released|tagged version|release|v <version>, tagged and pushed|released|published,
			have|just released|tagged version|v, have|just released|tagged <version>, have|just released|tagged the|a * release|version, new|first|second|third release|version|candidate is|of|available, release candidate is|available`},
		{sigpost.NatureRelease, 3, inOpening, ifStated, "announces a release", `
			announce|announcing the release|availability, announce|announcing the * release|availability, announce|announcing the * * release, announce|announcing a new release|version, announce|announcing release|version,
			announce|announcing that version|release, announce|announcing * <version>, announce|announcing * * <version>, announce|announcing <version>`},
		{sigpost.NatureRelease, 0.8, inOpening, ifStated, "words of release notes", `
			release notes, this|the release fixes|includes|contains|adds|brings|features, this is a bugfix|bug|maintenance|stable|security|feature, changes since|in <version>, changes since|in * <version>, changelog, sha256, sha256sum, tarball, tarballs,
			can be downloaded, download it, pip install`},

		{sigpost.NatureCall, 9, inTag, always, "tag of calls", "cfp, cfv, vote, votes, poll, ballot, survey, call for *"},
		{sigpost.NatureCall, 5, inSubject, ifStated, "call in the subject", `
			call for papers|proposals|presentations|speakers|talks|participation|votes|voting|nominations|candidates|volunteers|submissions|posters|sessions|topics|testing|testers|contributors|contributions|tutorials|workshops,
			cfp, ^ vote, nominations|nomination|voting|polls are|is|now|period open|opens, nominations|voting|polls open|opens, cast your vote|votes, speakers wanted, user|community|developer survey`},
		{sigpost.NatureCall, 2, inSubject, ifStated, "call mentioned in the subject", "nominations, candidacy period, polling"},
		{sigpost.NatureCall, 1.8, inOpening, ifStated, "words of a call", `
			submission deadline, deadline for submissions|proposals|papers|talks|abstracts|nominations, submit your|a|an proposal|proposals|paper|papers|talk|talks|abstract|abstracts|nomination, please vote, your vote, your votes,
			voting|vote|poll|nominations|ballot is|are|will|remains now|open|opens|opened|close|closes|be|end|ends, voting|vote|poll closes|ends|opens, call for papers|votes|proposals|participation|nominations|speakers,
			important dates, program|programme committee, invited to submit, fill in|out * survey, take * survey`},

		{sigpost.NatureMeeting, 9, inTag, always, "tag of meetings", "meeting, meetings, meetup, agenda, minutes, invitation, updated invitation, canceled event"},
		{sigpost.NatureMeeting, 3.5, inSubject, ifStated, "meeting in the subject", `
			meeting minutes|notes|summary|agenda|log|logs|reminder|time|cancelled|canceled|recap|today|tomorrow|invitation|on|at|this|next|moved|canceled, meeting is|was|has cancelled|canceled|been|moved, minutes of|from|for, agenda for|of,
			weekly|team|irc|board|sig|community|monthly|next|first|kickoff|planning|bi-weekly|committee|no|annual|todays|tomorrows meeting, meeting <part>, midcycle, mid-cycle, virtual sprint, office hours, birds of a feather, meetup on|in|at, conference call`},
		{sigpost.NatureMeeting, 1.6, inSubject, ifStated, "meeting mentioned in the subject", "meeting, meetup, agenda, minutes, call on|at|today|tomorrow, video|zoom call"},
		{sigpost.NatureMeeting, 3, inOpening, ifStated, "a meeting's log", "#startmeeting, #endmeeting, meeting ended|started"},
		{sigpost.NatureMeeting, 1.2, inOpening, ifStated, "words of a meeting", `
			action items, #topic, #action, attendees, ^ present, ^ agenda, the agenda, agenda items, meeting minutes|agenda, minutes html|text, the|our next|weekly|team|irc meeting, meeting on|at|will|takes,
			we will meet, well meet, we meet, please join, join us, dial in, dial-in, zoom link, utc in|on`},

		{sigpost.NatureDecision, 10, inTag, always, "tag of decisions", "result, results, resolved, decision, accepted, passed, rejected"},
		{sigpost.NatureDecision, 5, inSubject, ifDone, "outcome in the subject", `
			^ decision, ^ decided, ^ result, result|results of the|our * vote|poll|election|ballot, result|results of the|our vote|poll|election|ballot, vote|voting|election|poll|ballot result|results|passed,
			has|have been accepted|approved|merged|decided|adopted|withdrawn|rejected|added|applied, was|were accepted|approved|adopted|withdrawn|rejected, we decided, we have decided, decision on|about`},
		{sigpost.NatureDecision, 2.5, inOpening, ifDone, "tells of a decision", `
			we|board|committee|council|team|tc|group decided|resolved|voted, we|board|committee|council|team|tc|group have|has decided|resolved|voted, it was|is decided|agreed, it has been decided|agreed, has been decided|approved|ratified,
			the decision is|was|has, vote has|have passed|failed|carried, vote passed|passes|failed|carried, motion carries|carried|passed|passes, consensus was|is reached|to|that, reached consensus`},

		{sigpost.NatureProposal, 9, inTag, always, "tag of patches", "patch, patches, patchset, rfc, git pull, pull request, <part>"},
		{sigpost.NatureProposal, 9, inTag, always, "tag of proposals", "proposal, proposals, proposed, spec, specs, blueprint, draft, pep, idea, suggestion, feature request, rfe, request for comments|comment, intent to implement|ship"},
		{sigpost.NatureProposal, 3, inSubject, unlessNot, "proposal in the subject", `
			proposal, proposing, propose, rfc, request for comments|comment, feature request, suggestion, proposed, patch to|for, draft, ^ lets, git pull, pull request, for core, new core, nominating, ^ renaming|moving|dropping|removing|deprecating|splitting|retiring|replacing|merging, intent to implement|ship`},
		{sigpost.NatureProposal, 2.5, inOpening, unlessNot, "proposes", `
			we|i|hereby propose, would like to propose|suggest|nominate, id like to propose|suggest|nominate, wed like to propose|suggest|nominate, am|im|are|were proposing, my|our|this|the|following|attached|new proposal, i|we suggest|recommend, proposed change|changes|solution|plan|schedule,
			how about we, what if we, i think we should, we should consider, id like us to, i nominate, ive written|drafted, lets move|rename|drop|use|switch|change`},
		{sigpost.NatureProposal, 3, inOpening, always, "asks for opinions", `
			against|for it|this ?, object to it|this|that ?, any objections|objection, objections ?, what do you|people|folks|others|we|all think, thoughts ?, opinions ?, comments ?, comments|feedback|suggestions|input|reviews welcome|appreciated, comments|feedback|suggestions|input|reviews are|is|more|and welcome|appreciated|than|suggestions,
			request for comments|comment, looking for feedback|comments|reviews|opinions, looking forward to * feedback|comments|reviews, please|kindly review, know what you think, anyone else think, unless anyone|somebody|there objects|are|is, if nobody objects, does|do anyone|anybody|you object`},
		{sigpost.NatureProposal, 2, inOpening, always, "words of a patch", "signed-off-by, this patch|series|patchset, patch attached, the attached patch, attached is a patch, * files changed, * file changed"},
		{sigpost.NatureProposal, 0.8, byOther, unlessNot, "agreement or refusal", "^ +1, ^ -1, lgtm, reviewed-by, acked-by, nack, sounds good, i like this|the|your idea|proposal|change, i agree"},

		{sigpost.NatureAnnouncement, 7, inTag, always, "tag of announcements", "ann, announce, announcement, announcements, fyi, psa, newsletter, news, heads up, heads-up, reminder, status, job, jobs"},
		{sigpost.NatureAnnouncement, 3, inSubject, ifStated, "announcement in the subject", `
			announcing, announcement, announce, introducing, newsletter, heads up, heads-up, ^ fyi, ^ psa, ^ reminder, breaking news, weekly|monthly|status|progress report|update|news, save the date, daily|weekly|monthly digest, welcome to, press release,
			end of life, maintenance window|on, shutting down, moved to, moving to, now live|open`},
		{sigpost.NatureAnnouncement, 2, inOpening, ifStated, "announces", `
			pleased|happy|glad|proud|excited|delighted|thrilled|honored|overjoyed to announce|introduce|report|welcome|inform, like to announce, hereby announce, this is a|to reminder|announce|inform|notify, ^ reminder, for your information, heads up,
			is|are now live|online|open, is|are back up|online, site|server|service is back, have|has launched, please welcome, will be unavailable|down|offline|moved|shut|migrated, has|have moved to, press release, in this issue, daily|weekly|monthly newsletter, registration is|has open|opened|now`},

		{sigpost.NatureQuestion, 7, inTag, always, "tag of questions", "question, questions, help, support, q, howto"},
		{sigpost.NatureQuestion, 2, inTag, always, "tag of bugs", "bug, bugs, bug report, problem, issue, regression"},
		{sigpost.NatureQuestion, 2, inSubject, always, "question mark in the subject", "* ?"},
		{sigpost.NatureQuestion, 1.8, inSubject, unlessNot, "question in the subject", `
			question, questions, how to ?, how do|can|does|would|should|is, need help, help with|me|needed|please, problem, problems, trouble, anyone|anybody|someone know|knows|tried, does|has|is anyone|anybody, why does|is|do|are|cant, is it possible, is there`},
		{sigpost.NatureQuestion, 1.2, inSubject, always, "problem in the subject", `
			issue with, unable to, fails, failing, cannot, cant, could not, not working, doesnt work, does not work, error, errors, crash, crashes, bug in, stopped working`},
		{sigpost.NatureQuestion, 2, inOpening, unlessNot, "asks", `
			how do|can|could|would|should|does i|we|one|you|this|that|it|the, how to ?, is it possible, would it be possible, is there any|a|an|some|other|another|anything|something, are there any|some|other,
			does|do|has|have|did|is anyone|anybody|someone|somebody, can|could|would|will anyone|anybody|someone|somebody, can|could you please|tell|explain|help|point|give, any idea|ideas|help|hint|hints|pointer|pointers|clue|clues|advice|suggestion|suggestions|insight|insights ?, any idea|ideas|help|hint|hints|pointer|pointers|advice|suggestions,
			what am i, what do|should|can|could i, doing wrong, im wondering, i am|was wondering, i wonder, best|right|correct|proper way to, am i missing|doing, any good|free|decent|recommended|known|simple|chance|way|reason ?, please|kindly|pls help|advise|explain|tell, help me, have a|some|another|two question|questions, my|quick|one question is, where can|do i`},
		{sigpost.NatureQuestion, 2, inOpening, always, "does not know", "dont|not know|understand|see how|why|what|where|if|whether, not|cant|cannot|couldnt figure|find|work out|how|any|anything|it, not|im sure how|why|what|if|whether"},
		{sigpost.NatureQuestion, 1.5, inOpening, always, "question", "^ what|why|how|when|where|which|who|is|are|do|does|did|can|could|should|would|will|has|have|isnt|arent|shouldnt|doesnt|anyone|anybody ?, what|why|where|which is|are|was|does|do|did|causes|could|would|should|can ?"},
		{sigpost.NatureQuestion, 1, inOpening, always, "question mark", "* ?"},
		{sigpost.NatureQuestion, 1.5, inOpening, always, "has a problem", `
			have a|the problem, have a * problem, have problems|trouble|issues, having a|the problem, having a * problem, having problems|trouble|issues|difficulty, got a problem, got a * problem, ran|run|running into a|the|an problem|issue,
			ran|run|running into * problem|problems|issue|issues, following|this|these|strange|weird error|errors, does|do|did not work, doesnt|dont|didnt work, not working, fails with, getting an|the|this|following error|errors, i get an|the|this|following error|errors|message,
			null pointer, kernel panic, a bug in`},
		{sigpost.NatureQuestion, 0.7, inOpening, always, "tries something", "im|am trying to, ive|i tried|attempted to, thanks in advance, thank you in advance, thanks for any, tia"},
	}
}

// endingRules say how a question, a proposal or a call has ended.
func endingRules() []natureRule {
	return []natureRule{
		{sigpost.NatureAnswered, 4, byAsker, ifStated, "the asker says that it helped", `
			that|it|this|which|now worked|works|helped|helps|fixed|solved, its|it|is working now|fine|perfectly|again, problem|issue|mystery is|was|has|now solved|fixed|resolved|gone|been, ^ solved, ^ fixed, ^ resolved, did the trick, that did it, that was it, that explains|clarifies|answers,
			got it working|to, ive|i|have|think got|found|solved|fixed it, was|were|very|really helpful, exactly|just what i, makes sense, youre|are|were right, ^ got it, ^ perfect`},
		{sigpost.NatureAnswered, 2, byAsker, ifStated, "the asker gives thanks", "^ thanks, ^ thank you, ^ thx, ^ many|great|ok|okay|ah|cool thanks, ^ * thanks, thanks|thank you|for|a|so|very|both|everyone|everybody|all, appreciate it|your|the|all"},
		{sigpost.NatureAnswered, -2.5, byAsker, always, "the asker says that it did not help", `
			no luck, didnt|doesnt|not help|work, still get|getting|have|having|see|seeing|fails|failing|not|doesnt|no|the, the same error|problem|result|issue, same error|problem|result, no change|difference`},
		{sigpost.NatureAnswered, 1.5, byOther, ifStated, "advice", `
			you|youd|youll can|could|need|have|should|must|might|may|want, try|use|using|check|see|run|set|add|install|edit|remove the|to|this|that|a|an|your|with, ^ try|use|check|see|run|set|add|install|edit|just|simply|read|look, take|have a look, the reason|answer|problem|fix|solution|trick is|was,
			thats|this|that because|is|was|means, because, works|worked for me, ^ yes, ^ no, ^ nope, ^ yep, ^ yeah, depends on, known bug|issue|problem, there is|are|was|were`},
		{sigpost.NatureAnswered, 0.6, byOther, ifStated, "a link", "<url>"},
		{sigpost.NatureDecision, 3, inReply, ifDone, "an outcome", `
			^ applied, ^ * applied to|thanks, patch|patches|series|both|all|now applied, ive|i applied|queued|merged|committed|pushed it|this|these|them|both|all|to, have|now applied|queued|merged|committed|pushed it|this|these|them|both|all, queued for|up, ^ queued, ^ merged, ^ committed, ^ pushed,
			now|just|been|was|is merged|committed|accepted|approved|rejected|adopted|ratified|withdrawn, got merged, merged into|upstream, committed as|thanks, pushed to|upstream, has|have|it landed, added|applied to my|the|our * queue|tree|branch, added|applied to my|the|our queue|tree|branch, applied to <part>,
			^ withdrawn, i|hereby withdraw, im withdrawing, ^ rejected, ^ accepted, ^ approved, it is|was|has decided|agreed|settled, we|board|committee|council|team|tc|group decided|agreed|resolved, we|board|committee|council|team|tc|group have|has decided|agreed|resolved|consensus,
			consensus is|was reached|to|that, vote|motion|ballot|resolution|proposal has|is passed|carried|failed|closed|accepted|approved, vote|motion|ballot|resolution passes|passed|carries|carried, ill go ahead, the decision|outcome|conclusion is|was`},
		{sigpost.NatureDecision, 3, inAnyTag, always, "a result's tag", "result, results, resolved, decision, accepted, withdrawn, passed"},
	}
}
