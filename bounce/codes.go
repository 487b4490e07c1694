package bounce

import "strings"

// statusReasons are the enhanced status codes (RFC 3463, section 3; RFC 5248;
// RFC 7372; RFC 7505) without their class.
var statusReasons = map[string]Reason{
	"1.0": "userunknown", "1.1": "userunknown", "1.2": "hostunknown", "1.3": "userunknown", "1.4": "filtered", "1.6": "hasmoved", "1.7": "rejected", "1.8": "rejected", "1.9": "systemerror", "1.10": "notaccept",
	"2.0": "filtered", "2.1": "filtered", "2.2": "mailboxfull", "2.3": "exceedlimit", "2.4": "filtered",
	"3.0": "systemerror", "3.1": "systemfull", "3.2": "notaccept", "3.3": "systemerror", "3.4": "mesgtoobig", "3.5": "systemerror",
	"4.0": "networkerror", "4.1": "expired", "4.2": "networkerror", "4.3": "systemerror", "4.4": "hostunknown", "4.5": "systemfull", "4.6": "networkerror", "4.7": "expired", "4.8": "networkerror",
	"5.1": "syntaxerror", "5.2": "syntaxerror", "5.3": "toomanyconn", "5.4": "syntaxerror", "5.5": "systemerror", "5.6": "syntaxerror",
	"6.0": "contenterror", "6.1": "contenterror", "6.2": "contenterror", "6.3": "contenterror", "6.4": "contenterror", "6.5": "contenterror", "6.6": "contenterror", "6.7": "contenterror", "6.8": "contenterror", "6.9": "contenterror", "6.10": "contenterror", "6.11": "contenterror",
	"7.0": "securityerror", "7.1": "securityerror", "7.2": "securityerror", "7.3": "securityerror", "7.4": "securityerror", "7.5": "securityerror", "7.6": "securityerror", "7.7": "securityerror", "7.8": "securityerror", "7.9": "securityerror",
	"7.10": "failedstarttls", "7.11": "failedstarttls", "7.12": "securityerror", "7.13": "suspend", "7.14": "securityerror", "7.15": "policyviolation", "7.16": "policyviolation", "7.17": "hasmoved", "7.18": "hasmoved", "7.19": "systemfull",
	"7.25": "requireptr", "7.27": "notaccept", "7.28": "speeding", "7.30": "failedstarttls",
}

// byStatus is the reason that a status code gives; "" where it says nothing.
func byStatus(q question) Reason {
	_, rest, _ := strings.Cut(q.status, ".")
	reason := statusReasons[rest]
	// "5.1.x" after the letter was seen speaks of the letter.
	if q.command == "DATA" && (reason == "userunknown" || reason == "hostunknown") {
		return "filtered"
	}
	if q.temporary() {
		switch {
		case strings.HasPrefix(rest, "1."), rest == "2.0", rest == "3.0":
			return "" // it may be there tomorrow
		case rest == "2.1":
			return "suspend" // RFC 3463: "mailbox disabled", for now
		case rest == "4.4":
			return "networkerror"
		case rest == "7.1", rest == "7.2":
			return "blocked" // for now
		}
	}
	return reason
}
