package bounce

import "slices"

// rules say what failures mean, by the words of mail systems. The first rule
// that holds counts. What speaks of the letter, of its sender or of the road
// comes before what speaks of the address: systems refuse letters with words
// such as "recipient address rejected: policy", and an address must not suffer
// for that.
//
// The sources are the codes and texts that the systems and providers publish,
// and RFC 3463, 5248, 7372, 7505 and 8601 for what they take from there.
var rules = slices.Concat(ofLetter, ofAddress)

// ofLetter are the rules for what is said of the letter, its sender and the road.
var ofLetter = []rule{
	// Providers whose words mean something else than they do elsewhere, or who
	// have codes of their own.
	{reason: "speeding", words: []string{
		"receivingrate", "receiving mail at a rate", "receiving mail too quickly", "sent to too many recipients this hour",
	}},
	{reason: "blocked", words: []string{"banned sending ip", "banned sender["}},
	{reason: "userunknown", host: []string{"protection.outlook.com", "outlook.com", "office365", "hotmail"}, words: []string{
		"recipient address rejected: access denied",
	}},
	{reason: "userunknown", words: []string{"recipient address rejected: access denied*protection.outlook.com"}},
	{reason: "userunknown", status: []string{"5.4.1"}, words: []string{"address rejected: access denied"}},
	{reason: "suspend", host: []string{"ezweb.ne.jp", "au.com"}, words: []string{"account is disabled"}, anywhere: true},
	{reason: "mailboxfull", host: []string{"ezweb.ne.jp", "au.com"}, words: []string{"temporarily over quota"}, anywhere: true},
	{reason: "filtered", host: []string{"ezweb.ne.jp", "au.com"}, words: []string{"rejected your message"}, anywhere: true},
	{reason: "filtered", host: []string{"ezweb.ne.jp", "au.com"}, words: []string{"550 : user unknown"}},
	{reason: "rejected", host: []string{"googlegroups.com"}, words: []string{
		"groups.google.com/support", "support.google.com/groups", "permission to post",
	}, anywhere: true},
	{reason: "userunknown", host: []string{"outlook.com", "hotmail", "live.com", "msn.com", "office365"}, words: []string{
		"requested action not taken: mailbox unavailable",
	}},
	{reason: "userunknown", host: []string{"facebook"}, words: []string{"rcp-p1", "int-p1", "int-p3", "int-p4"}},
	{reason: "filtered", host: []string{"facebook"}, words: []string{"rcp-p2", "int-p5", "int-p6"}},
	{reason: "suspend", host: []string{"facebook"}, words: []string{"rcp-t4"}},
	{reason: "mesgtoobig", host: []string{"facebook"}, words: []string{"msg-p1", "int-p2"}},
	{reason: "contenterror", host: []string{"facebook"}, words: []string{"msg-p2"}},
	{reason: "toomanyconn", host: []string{"facebook"}, words: []string{"con-t1", "con-t2", "con-t3"}},
	{reason: "notaccept", host: []string{"facebook"}, words: []string{"pol-p3"}},
	{reason: "rejected", host: []string{"facebook"}, words: []string{"pol-p4", "rcp-p3"}},
	{reason: "spamdetected", host: []string{"facebook"}, words: []string{"pol-p6", "pol-p7"}},
	{reason: "policyviolation", host: []string{"facebook"}, words: []string{"pol-p"}},
	{reason: "systemerror", host: []string{"facebook"}, words: []string{"rcp-t", "int-t"}},
	{reason: "userunknown", host: []string{"mimecast"}, words: []string{"invalid recipient"}},
	{reason: "authfailure", host: []string{"mimecast"}, words: []string{"anti-spoofing"}},
	{reason: "blocked", host: []string{"mimecast"}, words: []string{"envelope blocked", "blocked senders", "failed to retry"}},
	{reason: "norelaying", words: []string{"mail.i.ua/err/1/", "mail.i.ua/err/6/"}},
	{reason: "userunknown", words: []string{"mail.i.ua/err/2/"}},
	{reason: "suspend", words: []string{"mail.i.ua/err/3/"}},
	{reason: "mailboxfull", words: []string{"mail.i.ua/err/4/"}},
	{reason: "toomanyconn", words: []string{"mail.i.ua/err/5/"}},
	{reason: "blocked", words: []string{"mail.i.ua/err/7/", "mail.i.ua/err/9/"}},
	{reason: "rejected", words: []string{"mail.i.ua/err/8/"}},
	{reason: "filtered", words: []string{"mail.i.ua/err/10/"}},
	{reason: "userunknown", host: []string{"yahoodns", "yahoo.com", "aol.com"}, words: []string{
		"this user doesn't have", "mailbox not found", "mailbox does not exist",
	}},
	{reason: "blocked", host: []string{"qq.com", "tencent"}, words: []string{"suspected bounce attacks", "suspected spam ip", "connection denied"}},
	{reason: "rejected", host: []string{"qq.com", "tencent"}, words: []string{"suspected spam", "mail is rejected by recipients"}},
	{reason: "spamdetected", host: []string{"qq.com", "tencent"}, words: []string{"spam is embedded", "mail content denied"}},
	{reason: "speeding", host: []string{"qq.com", "tencent"}, words: []string{"mailbox unavailable or access denied"}},
	{reason: "syntaxerror", host: []string{"qq.com", "tencent"}, words: []string{"bad address syntax", "bad params"}},
	{reason: "userunknown", host: []string{"qq.com", "tencent"}, words: []string{"mailbox not found"}},
	{reason: "policyviolation", host: []string{"zoho"}, words: []string{"mailpolicy violation"}},
	{reason: "rejected", host: []string{"zoho"}, words: []string{"unusual sending activity", "email outgoing blocked"}},
	{reason: "toomanyconn", words: []string{"recipient thread limit exceeded"}},
	{reason: "blocked", words: french("102", "103", "108", "109", "110", "401", "402", "403", "404", "999")},
	{reason: "toomanyconn", words: french("104", "105", "106")},
	{reason: "userunknown", words: french("416", "306", "405")},
	{reason: "mailboxfull", words: french("417", "415")},
	{reason: "suspend", words: french("420", "426")},
	{reason: "speeding", words: french("305")},
	{reason: "spamdetected", words: french("501", "503", "506", "507", "510", "511", "513", "515", "516", "517", "518")},
	{reason: "mesgtoobig", words: french("514")},
	{reason: "systemerror", words: french("505", "600", "601")},
	{reason: "securityerror", host: []string{"messagelabs", "symanteccloud"}, words: []string{"turn on smtp authentication"}},
	{reason: "blocked", words: []string{"ib103", "ib104", "ib105", "ib106", "ib108", "ib110", "ib111", "ib112", "ib113"}},
	{reason: "rejected", words: []string{"ib501", "ib502", "ib504", "ib505", "ib506", "ib507", "ib508"}},
	{reason: "spamdetected", words: []string{"ib212", "ib510", "ib512", "ib513", "ib514", "ib515", "ib516", "ib517", "ib703"}},
	{reason: "mesgtoobig", words: []string{"ib511"}},
	{reason: "speeding", words: []string{"ib601", "ib602", "ib603", "ib604", "ib605", "ib606", "ib607", "ib608"}},
	{reason: "toomanyconn", words: []string{"ib007", "cxcnct", "cxmxrt"}},
	{reason: "virusdetected", words: []string{"ib705"}},
	{reason: "blocked", words: []string{"cxbl", "cdrbl", "ipbl0", "ipbl1", "cxmj*"}},
	{reason: "requireptr", words: []string{"cxdns"}},
	{reason: "rejected", words: []string{"cxsndr", "cxsmtp"}},
	{reason: "spamdetected", words: []string{"urlbl011", "aup#cm", "aup#1310*spam"}},
	{reason: "blocked", words: []string{"aup#bl", "aup#in", "aup#out", "aup#rbl"}},
	{reason: "toomanyconn", words: []string{"aup#1500", "aup#1530"}},
	{reason: "rejected", words: []string{"aup#snd"}},
	{reason: "badreputation", words: []string{"[tss0", "[tss1", "[rl0", "[cs01]*reputation"}},
	{reason: "blocked", words: []string{"[bl01]", "[bl2", "[bl0", "[ip0", "[ipts"}},
	{reason: "policyviolation", words: []string{"message not accepted for policy reasons", "[hm08]", "[pr(ct", "[gl01]*policy"}},
	{reason: "blocked", words: []string{"(con:b", "(rly:b", "(rly:ch", "(rly:sn", "(snw:b", "(rtr:b", "(rtr:ch", "(rtr:du"}},
	{reason: "requireptr", words: []string{"(dns:b", "(dns:nr"}},
	{reason: "spamdetected", words: []string{"(hvu:b", "(htp:", "(cntnt"}},
	{reason: "speeding", words: []string{"(dyn:t"}},
	{reason: "blocked", status: append(span("5.7.", 606, 649), append(span("4.7.", 500, 699), append(span("4.7.", 850, 899), "5.7.708", "5.7.506", "5.7.511")...)...)},
	{reason: "spamdetected", status: []string{"5.7.501", "5.7.502", "5.7.503"}},
	{reason: "notcompliantrfc", status: []string{"5.7.512"}},
	{reason: "toomanyconn", status: []string{"5.7.508", "5.7.705"}},
	{reason: "rejected", status: []string{"5.7.750", "5.7.510", "5.7.513"}},
	{reason: "filtered", status: []string{"5.7.507"}},
	{reason: "hostunknown", status: []string{"5.4.310"}},
	{reason: "failedstarttls", status: append(span("5.7.", 321, 325), span("4.7.", 321, 325)...)},
	{reason: "networkerror", status: []string{"5.4.14", "5.4.312", "4.4.312", "4.4.316", "4.4.317"}},
	{reason: "expired", status: []string{"5.4.300"}},
	{reason: "securityerror", status: span("5.7.", 120, 139), words: []string{"sender", "not authenticated", "restricted", "permission", "authori"}},
	{reason: "securityerror", words: []string{"resolver.rst.authrequired"}},
	{reason: "rejected", words: []string{"resolver.rst.notauthorized"}},
	{reason: "toomanyconn", words: []string{"resolver.adr.reciplimit"}},
	{reason: "hostunknown", words: []string{"smtpsend.dns.nonexistentdomain"}},
	{reason: "networkerror", words: []string{"smtpsend.dns.mxloopback"}},
	{reason: "exceedlimit", words: []string{"resolver.rst.recipsizelimit", "resolver.rst.sendsizelimit"}},
	{reason: "systemerror", words: []string{
		"resolver.adr.ambiguous", "resolver.adr.badprimary", "resolver.adr.invalid", "several matches found in domino",
	}},
	{reason: "onhold", words: []string{"000b099c", "000b09aa", "000b09b6"}},
	{reason: "contenterror", words: []string{"00050311", "000502cc"}},
	{reason: "systemerror", words: []string{"00010256", "000d06b5"}},
	{reason: "networkerror", words: []string{"00120270"}},
	{reason: "securityerror", words: []string{"000b0981"}},
	{reason: "filtered", words: []string{"000c0595", "cannot route mail to user"}},
	{reason: "userunknown", words: []string{"000c05a6"}},
	{reason: "toomanyconn", words: []string{"frequency limited"}},
	{reason: "filtered", words: []string{"mail is rejected by recipients"}},

	// Words that look like something else than they are.
	{reason: "speeding", code: []string{"4"}, words: []string{"unusual rate of"}},
	{reason: "blocked", words: []string{"unusual rate of", "block has been placed"}},
	{reason: "policyviolation", words: []string{"illegal attachment on your message", "because the recipient is not accepting mail with"}},
	{reason: "authfailure", words: []string{"authentication information", "fails to pass authentication"}},
	{reason: "rejected", words: []string{"sender verify failed", "callout verification", "listed in spamhaus dbl"}},
	{reason: "blocked", words: []string{"spamhaus", "spamcop", "barracudacentral", "sorbs.net", "blocked using", "dnsbl", "rbl."}},
	{reason: "systemerror", words: []string{
		"loops back to", "loop was found in the mail exchanger", "it would create a mail loop", "detected a loop condition", "points back to",
	}},
	{reason: "networkerror", status: []string{"4.4.2", "5.4.2", "4.4.3"}, words: []string{"connection dropped", "dns", "servfail"}},
	{reason: "networkerror", words: []string{
		"host name lookup failure", "hop count exceeded", "routing loop", "mail loop", "forwarding loop", "message looping", "loop detected",
		"no valid route to remote mx", "all routes to destination blocked", "address family mismatch", "bad dns lookup error code", "destination mxs",
	}},
	{reason: "hostunknown", words: []string{"dns error: domain name not found", "dns error: dns server returned answer with no data"}},
	{reason: "expired", words: []string{"dns error: could not contact dns servers", "envelope expired"}},
	{reason: "expired", status: []string{"4.4.7", "5.4.7"}},
	{reason: "exceedlimit", status: []string{"5.2.3", "4.2.3"}},
	{reason: "mailererror", words: []string{"unknown mailer error"}},
	{reason: "systemerror", words: []string{"insufficient permission", "internal server error: insufficient"}},
	{reason: "systemfull", words: []string{"requested mail action aborted: exceeded storage", "mail system full"}},
	{reason: "policyviolation", words: []string{"its content presents a potential", "potential security issue"}},
	{reason: "blocked", words: []string{
		"no access from mail server", "invalid ip for sending", "your e-mail is redundant", "ask your postmaster for help",
	}},
	{reason: "requireptr", words: []string{"mismatches client ip"}},
	{reason: "suspend", words: []string{"temporary locked", "temporarily locked"}},
	{reason: "expired", status: []string{"4.4.1"}, words: []string{"connection refused"}},
	{reason: "networkerror", words: []string{"host lookup did not complete"}},
	{reason: "failedstarttls", words: []string{"cannot start tls", "tls not available", "tls is not available", "tls is required, but"}},
	{reason: "systemerror", words: []string{
		"mail transport unavailable", "unknown mail transport error", "lowest numbered mx record points to local host",
	}},
	{reason: "expired", words: []string{
		"did not accept our requests to connect", "message could not be delivered for", "not delivered within", "host is not responding",
		"timed out while waiting",
	}},
	{reason: "hostunknown", words: []string{"account or domain may not exist"}},
	{reason: "systemerror", words: []string{"loop alert", "loop back warning", "unix from loop", "duplicated message-id"}},
	{reason: "securityerror", words: []string{"security alert"}},
	{reason: "rejected", words: []string{"sending to/from an address that has been blacklisted"}},
	{reason: "mailererror", kind: "x-unix", words: []string{"procmail", "couldn't create", "command died", "exit"}},

	{reason: "filtered", words: []string{
		"blocked by the recipient", "bounced address", "extended inactivity", "recipient does not want", "recipient * not want to receive",
		"accept mail from you", "accept messages from you", "personal filter", "recipient has blocked", "recipient's filter", "recipient's mail filter",
	}},
	{reason: "userunknown", uncoded: true, words: []string{"address wasn't found at", "address couldn't be found at", "address was not found at"}},
	{reason: "blocked", words: []string{"blocked for spam", "infected host", "infected or hacked", "hacked or infected"}},
	{reason: "systemerror", words: []string{"local error in processing", "temporary lookup failure", "temporary authentication failure"}},
	{reason: "notaccept", code: []string{"5"}, words: []string{"accept mail from anyone", "accept any mail", "accepts no mail", "accept no mail"}},
	{reason: "mailboxfull", words: []string{"too much mail stored", "too much mail data", "mailbox size exceed", "mailbox size limit", "mailbox * over size"}},
	{reason: "hasmoved", code: []string{"551"}, words: []string{"please try"}}, // RFC 5321, section 3.4
	{reason: "spamdetected", words: []string{"spam or virus"}},
	{reason: "mailboxfull", status: []string{"5.2.2", "4.2.2"}},
	{reason: "notaccept", code: []string{"556"}}, // RFC 7504

	// The letter: its form.
	{reason: "notcompliantrfc", words: []string{
		"duplicate header", "rfc 5322", "rfc5322", "rfc 2822", "rfc2822", "rfc 822 violation", "not rfc", "violates rfc", "rfc violation",
		"rfc compliance", "rfc-compliant", "multiple from headers", "multiple addresses in from", "missing a valid", "message-id header",
		"missing required header", "header*is missing", "duplicateheaders", "rfcmessagenoncompliant", "bare lf", "bare linefeed", "barelinefeed", "bare newline", "bare cr",
		"has invalid message-id", "messages missing a valid", "has multiple from", "do not have a valid from", "no from header", "missing from header",
		"missing date",
	}},

	// Who the sender says it is: SPF, DKIM, DMARC, ARC (RFC 7372).
	{reason: "authfailure", status: []string{"5.7.20", "5.7.21", "5.7.22", "5.7.23", "5.7.24", "5.7.26", "5.7.29", "4.7.20", "4.7.21", "4.7.22", "4.7.23", "4.7.24", "4.7.26", "4.7.29", "5.7.509", "5.7.515"}},
	{reason: "authfailure", words: []string{
		"dmarc", "spf check*fail", "spf validation", "spf record*fail", "spf fail", "fails spf", "failed spf", "fail spf", "spf: fail",
		"spf (sender policy framework)", "sender policy framework", "spf unauthorized", "spf hard fail", "spf-result=fail", "not pass spf", "spf softfail",
		"spf mismatch", "blocked by spf", "spf - fail", "does not designate * as permitted", "is not allowed to send mail from",
		"is not allowed to send from", "not permitted to send from", "not authorized to use domain", "not authorized to send mail for",
		"not authorized to send from", "dkim", "domainkeys", "unauthenticated email", "multiple authentication checks failed",
		"authentication checks failed", "authentication results*fail", "does not pass authentication", "not pass authentication", "lacks authentication",
		"arc validation", "openspf", "/spf/", "5.7.26", "unauthenticatedsender", "email is unauthenticated", "email from this sender is unauthenticated",
		"requires all senders to authenticate", "authenticate with either spf", "sender id (pra)", "sender id pra", "sender id fail",
	}},

	// Reverse DNS (RFC 7372, section 3.3).
	{reason: "requireptr", status: []string{"5.7.25", "4.7.25"}},
	{reason: "requireptr", words: []string{
		"custom reverse", "ip reverse lookup", "no reverse", "dns ptr", "forward dns", "inverse dns", "servers/devices", "reverse dns", "reverse lookup", "pointer record", "resolve your ip", "resolve the ip", "reverse address", "reverse-dns",
		"reversedns", "rdns", "ptr ", "ptr record", "ptr resource", "no ptr", "valid ptr", "missing ptr", "ptr lookup", "c=rdns",
		"cannot find your hostname", "cannot find your reverse hostname", "find your reverse hostname", "reverse hostname", "cannot resolve your address",
		"cannot resolve your ip", "can't resolve your ip", "ip name lookup failed", "ip address does not have", "ip has no", "unresolvable ip",
		"unresolvable relay host", "client host * not resolve", "without a valid sender domain", "fix reverse", "dynamic ip*resolve",
		"domain name could not be verified", "hostname of your server*resolve", "no matches to nameserver query", "name server lookup failed for ip",
		"ip address*no reverse", "all mail servers must have", "forward-confirmed", "fcrdns", "iprev", "connections not accepted from servers without",
	}},

	// Reputation.
	{reason: "badreputation", words: []string{
		"reputation", "unexpected volume or user complaints", "poor sender score", "senderscore", "sender score", "senderbase",
		"unsolicitedratelimiterror", "has been temporarily rate limited due to ip", "complaint rate",
	}},

	// Relaying.
	{reason: "norelaying", words: []string{
		"smtp relay error", "not local host", "specified domain is not", "isn't in my list of allowed", "mail relay denied", "through this server without",
		"relay through", "relaying denied", "relay access denied", "relay denied", "relaying not allowed", "relaying not permitted",
		"relaying is not allowed", "relaying prohibited", "relaying disallowed", "relay not permitted", "relay not allowed", "relay is not permitted",
		"relay prohibited", "no relaying", "unable to relay", "cannot relay", "can not relay", "can't relay", "not permitted to relay",
		"not allowed to relay", "not authorized to relay", "not configured to relay", "not relay", "may not relay", "open relay", "relaying mail to", "to external addresses", "to external recipients", "relaying",
		"we do not relay", "doesn't relay", "do not relay", "this is not a relay", "no relay", "relay rejected",
		"that domain isn't in my list of allowed rcpthosts", "that domain isn't in my list", "rcpthosts", "is not local", "not a gateway",
		"insecure mail relay", "blocked by relay", "email address is not verified",
		"mail server requires authentication when attempting to send to a non-local", "relay authentication", "required for relay", "required to relay", "authenticat*relay", "attemptedrelay",
		"send to a non-local e-mail address", "not a local domain", "address not hosted here", "we don't handle mail for", "we do not handle mail for",
		"relay operation rejected", "specified domain is not allowed", "domain not hosted", "as a relay",
	}},

	// The letter: its size.
	{reason: "contenterror", words: []string{"headers too large", "header too large", "header size exceeds"}},
	{reason: "exceedlimit", words: []string{
		"message size exceeds maximum fixed", "too long for recipient", "exceeds the size limit of the recipient", "message too large for this recipient",
		"message length exceeds administrative limit", "exceeds the maximum message size that can be sent to this recipient", "recipient's size limit",
		"message is too large for this mailbox", "message size exceeds recipient", "message header size, or recipient list, exceeds policy limit",
		"user's message size limit",
	}},
	{reason: "mesgtoobig", words: []string{
		"maximum inbound message size", "taille limite", "exceeds maximum value", "max message size", "maximum size", "size exceeds", "mail is larger",
		"exceeds the maximum size", "too large", "exeeded the maximum size", "message too big", "message too large", "message too long",
		"message is too big", "size is bigger", "message size * exceed", "bigger than", "size is larger", "message size limit", "maximum permitted size", "maximum allowed size", "message is too large", "message is too long", "message size exceeds", "message exceeds", "exceeds maximum message size",
		"exceeds the maximum message size", "exceeds size limit", "exceeds fixed", "exceeded maximum message size", "maximum message size",
		"size limit exceeded", "size of the message", "size limit", "message file too big", "line limit exceeded", "message length exceeds",
		"too big for system", "mail size limit", "message data is too large", "email too large", "e-mail too large", "data size exceeds",
		"larger than the current system limit", "message was larger than", "attachment too large", "message body too large", "the message was too large",
		"message has exceeded", "size exceeded", "message exceeds fixed maximum", "mail is too large", "body too large", "exceeds the limit*message size",
		"messagesize",
	}},

	// The letter: what is in it.
	{reason: "virusdetected", words: []string{
		"used by recent", "malicious", "virus", "malware", "clamav", "eicar", "infected", "worm.", "trojan", "phishing*attach", "this attachment type", "executable file",
		"file type * not allowed", "banned file", "blocked attachment", "potentially executable", "dangerous attachment",
	}},
	{reason: "contenterror", words: []string{
		"charset not supported", "header size exceeds", "header too large", "headers too large", "illegal mime", "improper use of 8-bit",
		"improperly-formatted", "improperly formatted", "mime complexity", "mime header", "too many received", "unnecessary base64", "too many \"received",
		"invalid mime", "non-ascii", "illegal character", "8-bit data", "eight-bit", "media error", "improper mime", "malformed mime", "attachment type",
		"attachments of type", "charset not acceptable", "unacceptable character set", "message filtered. please see", "header line too long",
		"8-bit data in", "8 bit data", "8bit data", "conversion required", "conversion not supported", "conversion to", "failed to convert", "mime nesting", "smtputf8", "invalid header", "bad header", "we don't accept html", "html mail not",
		"invalid content", "charset is not", "attachment is not allowed", "has an attachment", "mail filters at your organization are not allowed",
		"the headers in this message contain improperly", "too many received header", "not mime", "5.6.0 message content error", "message content error",
		"converting", "zip file", "message text*contains", "prohibited attachment",
	}},
	{reason: "spamdetected", words: []string{
		"recurrent pattern detection", "bulk.advertising", "blocked for abuse", "drbl", "denied due to spam", "denied [cs]", "may consider", "uribl",
		"has been temporarily blocked by our filter", "prohibited virus or spam", "unsolicited", "phish", "mail rejete", "is considered",
		"detected as spam", "bulk e-mail", "advertis", "spam", "spamassassin", "spamscore", "spammer", "ube,", "ube", "unsolicited bulk",
		"unsolicited email", "unsolicited mail", "unsolicited content", "unsolicited message", "likely unsolicited", "unsolicitedmessageerror",
		"junk mail", "junk", "gtube", "as uce", "uce ", "junk e-mail", "bulk mail", "bulk email", "looks like bulk", "mass mail", "rejected by content", "content rejected",
		"content blocked", "content denied", "content refused", "content filter", "content scanner", "content is not acceptable", "content not acceptable",
		"message content*reject", "blocked for content", "suspicious content", "suspicious message", "message is suspicious", "suspected phish",
		"phishing", "malicious url", "url*blacklist", "contains a url", "uri blacklist", "surbl", "blocked because of content", "banned content",
		"message looks like", "classified as", "as bulk", "message rejected by * filter", "blocked by filter", "blocked by filters", "blocked by bitdefender",
		"cloudmark", "mailspike*content", "score too high", "message scored", "too high a score", "identified as", "high probability", "blockedmessage",
		"message was rejected by anti", "appears to be unsolicited", "message rejected under suspicion", "suspicion of", "gl01", "rejected due to content",
		"rule imposed mailbox access", "bounced by content", "our filters", "filter rejected", "unacceptable content", "undesirable", "mail filtered by",
	}},

	{reason: "authfailure", words: []string{"spf"}},

	// How much at once.
	{reason: "toomanyconn", words: []string{
		"throttling failure", "max emails per hour", "per-domain connection limit", "numerous attempts", "too many smtp", "from your host.",
		"too many errors from your", "too many emails per", "many connections from", "max number of connections", "too many connections", "too many concurrent",
		"too many simultaneous", "too many sessions", "too many smtp sessions", "too many open connections", "connection rate", "connection limit", "directory harvest", "concurrency limit",
		"connections rate", "maximum connections", "max connections", "exceeded connections", "exceeds the connection", "concurrent connection",
		"simultaneous connections", "number of connections", "connections from your host", "connections from this host", "connections from your ip",
		"too many recipients", "too many hops in this session", "unsuccessful user lookups", "many invalid recipients", "too many invalid",
		"too many bad recipients", "too many unknown users", "too many rcpt", "too many errors", "all available ips are at maximum connection",
		"host already has", "server busy*connections", "trop de connexions",
	}},
	{reason: "speeding", words: []string{
		"try again slower", "ratelimited", "unusual rate", "too many messages", "too fast", "too quickly", "rate limit", "rate-limit", "ratelimit",
		"sending rate", "sending quota", "limits for how many", "messages * per hour", "messages * per day", "messages * an hour", "maximum rate", "throttl", "too much mail", "too many emails", "too many mails", "too many e-mails", "exceeded the rate",
		"rate exceeded", "sending limit", "daily limit", "hourly limit", "limit * per hour", "limit * per day", "messages per", "mail flood",
		"sent too many", "sending too many", "exceeded * messages", "frequency limited", "frequency limit", "reduce your", "slow down",
		"too many recipients this", "daily sending quota", "daily message quota", "max number of messages", "maximum number of messages",
		"exceeding the limit", "maximum sending rate", "has exceeded the maximum number of",
	}},

	// Security.
	{reason: "failedstarttls", words: []string{
		"starttls", "tls required", "requires tls", "require tls", "tls is required", "must issue a starttls", "must use tls", "encryption required",
		"encryption needed", "requires encryption", "tls handshake", "tls certificate", "certificate validation", "server certificate", "certificate not", "certificate is not", "tls negotiation", "tls session", "ssl/tls", "certificate verif",
		"certificate not trusted", "certificate has expired", "untrusted certificate", "mta-sts", "mta sts", "not support tls", "dane ",
	}},
	{reason: "securityerror", code: []string{"535", "534"}}, // RFC 4954
	{reason: "securityerror", words: []string{
		"recipient address rejected: access denied", "account not subscribed", "authentication credentials", "incorrect authentication", "username", "password", "to send as", "authentication unsuccessful", "compressed files",
		"unauthenticated is not allowed", "smtp incorrects", "could not retrieve credentials", "not authenticated", "don't authenticate",
		"authentication required", "authentication failed", "authentication failure", "authentication is required", "authentication turned on",
		"smtp authentication", "smtp auth", "unauthenticated senders", "client was not authenticated", "must authenticate", "must be authenticated",
		"please authenticate", "requires authentication", "invalid credentials", "username and password not accepted",
		"not authorized to send mail, authentication", "you are not authorized to send mail", "not authorised to send", "codes d'authentification",
		"verification failure", "pgp", "s/mime", "cryptographic", "unauthorized use of", "application-specific password", "less secure app",
		"we do not authenticate", "account not subscribed to ses", "authentication cancelled", "user not authorised", "user not authorized",
		"executable files are not allowed", "security rule", "security policy", "sender must be authenticated",
	}},

	// Blocklists, dynamic addresses, greylisting: not from here, or not yet.
	{reason: "blocked", words: []string{
		"blocked - see", "banned sending", "dnsbl:", "abus detecte", "may not be mail exchanger", "confirm this mail server", "requires confirmation",
		"connection was dropped", "currently sending", "mismatches client", "zombied", "extreme bad ip", "go away", "in a black list",
		"not currently accepting mail from", "sending mta or the sender has not passed", "rejecting open proxy", "sender ip address rejected",
		"forbidden by your ip", "temporary blacklisted", "not accepting connections", "too many spams", "refused - see", "we do not like",
		"you are not welcome", "unknown client", "client * not allowed", "not allowed from your", "from your ip", "greylist", "graylist", "gray-list",
		"grey-list", "grey listing", "gray listing", "postgrey", "try again in * second", "retry in * second", "spamhaus", "spamcop", "barracudacentral",
		"sorbs", "dnsbl", "rbl", "realtime blackhole", "real-time blackhole", "blackhole", "blacklist", "black list", "black-list", "blocklist",
		"block list", "block-list", "blocked list", "blacklisted", "njabl", "uceprotect", "psbl", "mailspike", "cbl.abuseat", "abuseat", "invaluement",
		"proofpoint", "ipcheck", "trendmicro", "mail-abuse", "ers-dul", "hostkarma", "abusix", "dsbl", "blocked using", "blocked for", "blocked by",
		"blocked due", "blocked because", "temporarily blocked", "currently blocked", "ip blocked", "host blocked", "access blocked", "blocked ip",
		"blocked -", "block*ip address", "message blocked", "mail blocked", "email blocked", "sender blocked", "connection blocked", "domain blocked",
		"banned", "your ip", "your mail server", "your isp", "smtp server of your", "use the smtp server", "mail server of your", "sending server",
		"sending ip", "dynamic ip", "dynamic/", "dynamic pool", "dynamic address", "dynamically", "dial-up", "dialup", "dial up", "generic hostname",
		"generic rdns", "hosts with dynamic", "not from your ip", "direct-to-mx", "end-user mail", "no access from mail server", "not accepting mail from",
		"not accept mail from", "not accept email from", "does not accept mail from", "we don't accept mail from", "we do not accept mail from",
		"mail from * refused", "mail from * not accepted", "refused mail from", "refusing mail from", "connection refused due", "connection rejected",
		"connections refused", "connection dropped", "connection denied", "connection not accepted", "connection not authorized", "service refused",
		"service not available, closing", "server refused to talk", "refused to talk to me", "access denied. ip", "ip address * rejected",
		"ip address * not allowed", "ip address has been", "client host rejected", "client host * blocked", "client address", "client rejected",
		"client network", "host rejected", "bad helo", "helo command rejected", "invalid helo", "helo/ehlo", "invalid domain name in helo", "helo name",
		"ehlo argument", "helo argument", "syntactically invalid helo", "invalid ehlo", "bogus helo", "forged helo", "bad sender ip", "bad ip", "hacked",
		"open proxy", "botnet", "compromised", "reject * ip", "unusual sending", "please contact your internet service provider",
		"part of their network is on our", "too many spams from your", "temporarily deferred", "temporarily rejected. try", "deferred due to",
		"you are not allowed to connect", "not allowed to connect", "connect to this server", "we do not accept connections", "block for", "ip range",
		"network is temporarily", "cyberoam", "you've reached your daily relay quota", "remote server not allowed", "server access * forbidden",
		"access from * denied", "geoip", "bl_", "[irc", "s3150", "s3140", "s775",
	}},

	// Before the server knows who the letter is for, it cannot speak of them.
	{reason: "blocked", at: []string{"CONN", "HELO"}, code: []string{"4", "5"}},
}
