package bounce

import "strconv"

// noSuchUser are the words by which systems say that nobody has that address.
// Some say so of whoever does not want a letter, after they have seen it.
var noSuchUser = []string{
	"destination server rejected recipients", "not an active address", "mailbox not present", "nessun utente", "no existe dicha", "no existe ese",
	"no mail box", "no thank you rejected", "invalid-recipient", "userunknown", "recipient is not accepted", "recipient is not local",
	"recipient refuses to accept", "badrcptto", "envelope recipient has been denied", "was undeliverable", "email name is not found",
	"no one at this address", "wrong or no longer valid", "badrecipientto", "validrcptto", "user missing home directory", "account unavailable",
	"not present", "no longer a", "never existed", "destinataire invalide", "destinataire inconnu", "empfänger", "discontinued", "closed account",
	"is not my", "doesn't have an account", "does not have an account", "rejected: user", "user unknown", "unknown user", "unknown or invalid user",
	"user is unknown", "user not known", "user not found", "user * not found", "user doesn't exist", "user does not exist", "user * does not exist",
	"user * doesn't exist", "user doesn't have", "this user doesn't have", "user has no", "user invalid", "user not listed", "user not local",
	"user is not", "user account * not", "user unkown", "no such user", "not know the user", "not know the recipient", "not know this user", "nobody with", "mailbox * unknown", "no such local user", "no such recipient", "no such mailbox", "no such person",
	"no such account", "no such address", "no such email", "no such e-mail", "no such name", "no such alias", "no such member", "no such id", "no user",
	"no mailbox", "no account", "no email address", "not a user", "not a known user", "not a valid user", "not a valid mailbox", "not a valid address",
	"not a valid recipient", "not a valid email", "not our customer", "not known", "not recognized", "not recognised", "not a local",
	"non-existent user", "nonexistent user", "non-existent mailbox", "nonexistent mailbox", "non existent", "not exist", "doesn't exist",
	"does not exist", "don't exist", "do not exist", "didn't exist", "unknown recipient", "unknown address", "unknown mailbox", "unknown local",
	"unknown account", "unknown email", "unknown e-mail", "unknown or illegal alias", "unknown alias", "unknown mail", "unknown name", "unknown id",
	"unknown in", "recipient unknown", "recipient not found", "recipient does not exist", "recipient no longer", "recipient * not found",
	"recipient * does not exist", "recipient * unknown", "recipient invalid", "recipient not exist", "recipient is not exist", "recipient not known",
	"recipient not recognized", "recipient not ok", "recipient verify failed", "recipient verification", "recipients are invalid",
	"no valid recipients", "invalid recipient", "invalid mailbox", "invalid user", "invalid address", "invalid local", "invalid email",
	"invalid e-mail", "invalid account", "invalid final delivery", "invalid rcpt", "invalid destination", "bad destination mailbox", "bad mailbox",
	"bad recipient", "bad address", "bad user", "mailbox unavailable", "mailbox unknown", "mailbox not found", "mailbox * not found",
	"mailbox does not exist", "mailbox doesn't exist", "mailbox * does not exist", "mailbox * unavailable", "mailbox not available", "mailbox invalid",
	"mailbox is invalid", "mailbox name not allowed", "address unknown", "address not found", "address * not found", "address does not exist",
	"address doesn't exist", "address invalid", "address is invalid", "address * unknown", "address not recognized", "address not present",
	"address not known", "address no longer", "account does not exist", "account doesn't exist", "account * does not exist", "account not found",
	"account * not found", "account unknown", "account has been deleted", "account closed", "account is closed", "account has been closed",
	"account no longer", "account is unavailable", "account not available", "account deleted", "account is not available", "deleted account",
	"email address * not", "email account", "is not a valid", "not valid", "is not listed", "not listed", "is unknown", "can't accept user",
	"cannot find", "can't find", "could not find", "couldn't find", "couldn't be found", "could not be found", "wasn't found", "was not found",
	"not found", "no longer valid", "no longer exists", "no longer active", "no longer available", "no longer accept", "no longer with", "no longer in use", "nonexistent", "not in use",
	"no longer works", "no longer employed", "left the company", "left the organi", "unrouteable address", "destination addresses were unknown",
	"destination unknown", "undeliverable address", "undeliverable recipient", "unable to verify", "verify * address", "verify failed", "nobody here",
	"nobody by that name", "nobody by the name", "nobody by", "local user only", "recipient cannot be verified", "address cannot be verified", "user cannot be verified", "no one by that name", "by that name", "not in our", "not in directory", "not in the directory", "is not in",
	"recipnotfound", "addressunknown", "unknown; rejecting", "dosn't exist", "illegal alias", "user, ",
	"unavailable mailbox", "invalid or unknown", "inexistant", "unbekannt", "inconnu", "desconocido", "no existe", "sconosciuto", "onbekend",
	"nieznany", "okänd", "ukjent", "ukendt", "неизвестен", "не существует", "not our user", "no recipients", "address error", "should have a valid",
	"undefined user", "virtual user", "nosuchuser", "user * unknown", "requested action not taken: mailbox",
}

// french are the codes of Orange (OFR) and La Poste (LPN).
func french(codes ...string) (words []string) {
	for _, c := range codes {
		words = append(words, "ofr_"+c, "ofr*_"+c, "lpn*_"+c)
	}
	return words
}

// span are status codes of one subject from one detail to another.
func span(subject string, from, to int) (codes []string) {
	for i := from; i <= to; i++ {
		codes = append(codes, subject+strconv.Itoa(i))
	}
	return codes
}
