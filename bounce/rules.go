package bounce

import "strconv"

// rules say what failures mean, by the words of mail systems. The first rule
// that holds counts. What speaks of the letter, of its sender or of the road
// comes before what speaks of the address: systems refuse letters with words
// such as "recipient address rejected: policy", and an address must not suffer
// for that.
//
// The sources are the codes and texts that the systems and providers publish,
// and RFC 3463, 5248, 7372, 7505 and 8601 for what they take from there.
var rules = []rule{
	// Providers whose words mean something else than they do elsewhere, or who
	// have codes of their own.
	{reason: "speeding", words: []string{
		"receivingrate", "receiving mail at a rate", "receiving mail too quickly", "sent to too many recipients this hour",
	}},
	{reason: "userunknown", host: []string{"protection.outlook.com", "outlook.com", "office365", "hotmail"}, words: []string{
		"recipient address rejected: access denied",
	}},
	{reason: "suspend", host: []string{"ezweb.ne.jp", "au.com"}, words: []string{"account is disabled"}, anywhere: true},
	{reason: "mailboxfull", host: []string{"ezweb.ne.jp", "au.com"}, words: []string{"temporarily over quota"}, anywhere: true},
	{reason: "filtered", host: []string{"ezweb.ne.jp", "au.com"}, words: []string{"rejected your message"}, anywhere: true},
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
	{reason: "blocked", status: append(span("5.7.", 606, 649), append(span("4.7.", 500, 699), append(span("4.7.", 850, 899), "5.7.708", "5.7.506")...)...)},
	{reason: "spamdetected", status: []string{"5.7.501", "5.7.502", "5.7.503"}},
	{reason: "notcompliantrfc", status: []string{"5.7.512"}},
	{reason: "toomanyconn", status: []string{"5.7.508", "5.7.705"}},
	{reason: "rejected", status: []string{"5.7.511", "5.7.750", "5.7.510", "5.7.513"}},
	{reason: "filtered", status: []string{"5.7.507"}},
	{reason: "hostunknown", status: []string{"5.4.310"}},
	{reason: "networkerror", status: []string{"5.4.14", "5.4.312", "4.4.312", "4.4.316", "4.4.317"}},
	{reason: "expired", status: []string{"5.4.300"}},
	{reason: "securityerror", status: []string{"5.7.12", "5.7.13"}, words: []string{"sender", "not authenticated", "restricted", "permission", "authori"}},
	{reason: "securityerror", words: []string{"resolver.rst.authrequired", "resolver.rst.notauthorized"}},
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
	{reason: "toomanyconn", words: []string{"ip frequency limited", "connection frequency limited"}},
	{reason: "filtered", words: []string{"mail is rejected by recipients"}},

	// Words that look like something else than they are.
	{reason: "rejected", words: []string{"sender verify failed", "callout verification", "listed in spamhaus dbl"}},
	{reason: "blocked", words: []string{"spamhaus", "spamcop", "barracudacentral", "sorbs.net", "blocked using", "dnsbl", "rbl."}},
	{reason: "networkerror", words: []string{
		"host name lookup failure", "hop count exceeded", "routing loop", "mail loop", "forwarding loop", "message looping", "loop detected",
		"no valid route to remote mx", "all routes to destination blocked", "address family mismatch", "bad dns lookup error code", "destination mxs",
	}},
	{reason: "systemerror", words: []string{
		"loops back to", "loop was found in the mail exchanger", "it would create a mail loop", "detected a loop condition", "points back to",
	}},
	{reason: "hostunknown", words: []string{"dns error: domain name not found", "dns error: dns server returned answer with no data"}},
	{reason: "expired", words: []string{"dns error: could not contact dns servers", "envelope expired"}},
	{reason: "expired", status: []string{"4.4.7", "5.4.7"}},
	{reason: "exceedlimit", status: []string{"5.2.3", "4.2.3"}},
	{reason: "systemfull", status: []string{"4.4.5", "5.4.5"}},
	{reason: "mailererror", words: []string{"unknown mailer error"}},
	{reason: "systemerror", words: []string{"insufficient permission", "internal server error: insufficient"}},
	{reason: "systemfull", words: []string{"requested mail action aborted: exceeded storage", "mail system full"}},
	{reason: "policyviolation", words: []string{"its content presents a potential", "potential security issue"}},
	{reason: "blocked", words: []string{
		"no access from mail server", "invalid ip for sending", "your e-mail is redundant", "ask your postmaster for help",
	}},
	{reason: "requireptr", words: []string{"mismatches client ip"}},
	{reason: "suspend", words: []string{"temporary locked", "temporarily locked"}},
	{reason: "expired", words: []string{
		"did not accept our requests to connect", "message could not be delivered for", "not delivered within", "host is not responding",
		"timed out while waiting",
	}},
	{reason: "hostunknown", words: []string{"account or domain may not exist"}},
	{reason: "rejected", words: []string{"sending to/from an address that has been blacklisted"}},
	{reason: "mailererror", kind: "x-unix", words: []string{"procmail", "couldn't create", "command died", "exit"}},

	{reason: "filtered", words: []string{"blocked by the recipient"}},
	{reason: "spamdetected", words: []string{"spam or virus"}},
	{reason: "mailboxfull", status: []string{"5.2.2", "4.2.2"}},

	// The letter: its form.
	{reason: "notcompliantrfc", words: []string{
		"duplicate header", "rfc 5322", "rfc5322", "rfc 2822", "rfc2822", "rfc 822 violation", "not rfc", "violates rfc", "rfc violation",
		"rfc compliance", "rfc-compliant", "multiple from headers", "multiple addresses in from", "missing a valid", "message-id header",
		"missing required header", "header*is missing", "duplicateheaders", "rfcmessagenoncompliant", "bare lf", "bare newline", "bare cr",
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
	{reason: "requireptr", status: []string{"5.7.25", "4.7.25", "5.7.27 "}},
	{reason: "requireptr", words: []string{
		"custom reverse", "ip reverse lookup", "no reverse", "dns ptr", "forward dns", "inverse dns", "servers/devices", "reverse dns", "reverse-dns",
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
		"not allowed to relay", "not authorized to relay", "not configured to relay", "not relay", "may not relay", "open relay", "relaying mail to",
		"we do not relay", "doesn't relay", "do not relay", "this is not a relay", "no relay", "relay rejected",
		"that domain isn't in my list of allowed rcpthosts", "that domain isn't in my list", "rcpthosts", "is not local", "not a gateway",
		"insecure mail relay", "blocked by relay", "email address is not verified",
		"mail server requires authentication when attempting to send to a non-local", "relay authentication", "attemptedrelay",
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
		"message is too big", "message is too large", "message is too long", "message size exceeds", "message exceeds", "exceeds maximum message size",
		"exceeds the maximum message size", "exceeds size limit", "exceeds fixed", "exceeded maximum message size", "maximum message size",
		"size limit exceeded", "size of the message", "size limit", "message file too big", "line limit exceeded", "message length exceeds",
		"too big for system", "mail size limit", "message data is too large", "email too large", "e-mail too large", "data size exceeds",
		"larger than the current system limit", "message was larger than", "attachment too large", "message body too large", "the message was too large",
		"message has exceeded", "size exceeded", "message exceeds fixed maximum", "mail is too large", "body too large", "exceeds the limit*message size",
		"messagesize",
	}},

	// The letter: what is in it.
	{reason: "virusdetected", words: []string{
		"used by recent", "malicious", "virus", "malware", "infected", "worm", "trojan", "phishing*attach", "this attachment type", "executable file",
		"file type * not allowed", "banned file", "blocked attachment", "potentially executable", "dangerous attachment",
	}},
	{reason: "contenterror", words: []string{
		"charset not supported", "header size exceeds", "header too large", "headers too large", "illegal mime", "improper use of 8-bit",
		"improperly-formatted", "improperly formatted", "mime complexity", "mime header", "too many received", "unnecessary base64", "too many \"received",
		"invalid mime", "non-ascii", "illegal character", "8-bit data", "eight-bit", "media error", "improper mime", "malformed mime",
		"illegal attachment", "attachment type", "attachments of type", "charset not acceptable", "unacceptable character set",
		"message filtered. please see", "header line too long", "8-bit data in", "8 bit data", "8bit data", "conversion required",
		"conversion not supported", "we don't accept html", "html mail not", "invalid content", "charset is not", "attachment is not allowed",
		"has an attachment", "mail filters at your organization are not allowed", "the headers in this message contain improperly",
		"too many received header", "not mime", "5.6.0 message content error", "message content error", "converting", "zip file", "message text*contains",
		"prohibited attachment",
	}},
	{reason: "spamdetected", words: []string{
		"recurrent pattern detection", "bulk.advertising", "blocked for abuse", "drbl", "denied due to spam", "may consider", "uribl",
		"has been temporarily blocked by our filter", "prohibited virus or spam", "unsolicited", "phish", "mail rejete", "is considered",
		"detected as spam", "bulk e-mail", "advertis", "spam", "spamassassin", "spamscore", "spammer", "ube,", "ube", "unsolicited bulk",
		"unsolicited email", "unsolicited mail", "unsolicited content", "unsolicited message", "likely unsolicited", "unsolicitedmessageerror",
		"junk mail", "junk e-mail", "bulk mail", "bulk email", "looks like bulk", "mass mail", "rejected by content", "content rejected",
		"content blocked", "content denied", "content refused", "content filter", "content scanner", "content is not acceptable", "content not acceptable",
		"message content*reject", "blocked for content", "suspicious content", "suspicious message", "message is suspicious", "suspected phish",
		"phishing", "malicious url", "url*blacklist", "contains a url", "uri blacklist", "surbl", "blocked because of content", "banned content",
		"message looks like", "classified as", "message rejected by * filter", "blocked by filter", "blocked by filters", "blocked by bitdefender",
		"cloudmark", "mailspike*content", "score too high", "message scored", "too high a score", "identified as", "high probability", "blockedmessage",
		"message was rejected by anti", "appears to be unsolicited", "message rejected under suspicion", "suspicion of", "gl01", "rejected due to content",
		"rule imposed mailbox access", "bounced by content", "our filters", "filter rejected", "unacceptable content", "undesirable", "mail filtered by",
	}},

	// How much at once.
	{reason: "toomanyconn", words: []string{
		"throttling failure", "max emails per hour", "per-domain connection limit", "numerous attempts", "too many smtp", "from your host.",
		"too many errors from your", "too many emails per", "connections from", "max number of connections", "too many connections", "too many concurrent",
		"too many simultaneous", "too many sessions", "too many smtp sessions", "too many open connections", "connection rate", "connection limit",
		"connections rate", "maximum connections", "max connections", "exceeded connections", "exceeds the connection", "concurrent connection",
		"simultaneous connections", "number of connections", "connections from your host", "connections from this host", "connections from your ip",
		"too many recipients", "too many hops in this session", "unsuccessful user lookups", "many invalid recipients", "too many invalid",
		"too many bad recipients", "too many unknown users", "too many rcpt", "too many errors", "all available ips are at maximum connection",
		"host already has", "server busy*connections", "trop de connexions",
	}},
	{reason: "speeding", words: []string{
		"try again slower", "ratelimited", "unusual rate", "too many messages", "too fast", "too quickly", "rate limit", "rate-limit", "ratelimit",
		"sending rate", "maximum rate", "throttl", "too much mail", "too many emails", "too many mails", "too many e-mails", "exceeded the rate",
		"rate exceeded", "sending limit", "daily limit", "hourly limit", "limit * per hour", "limit * per day", "messages per", "mail flood",
		"sent too many", "sending too many", "exceeded * messages", "frequency limited", "frequency limit", "reduce your", "slow down",
		"too many recipients this", "daily sending quota", "daily message quota", "max number of messages", "maximum number of messages",
		"exceeding the limit", "maximum sending rate", "has exceeded the maximum number of",
	}},

	// Security.
	{reason: "failedstarttls", words: []string{
		"starttls", "tls required", "requires tls", "require tls", "tls is required", "must issue a starttls", "must use tls", "encryption required",
		"encryption needed", "requires encryption", "tls handshake", "tls negotiation", "tls session", "ssl/tls", "certificate verif",
		"certificate not trusted", "certificate has expired", "untrusted certificate", "mta-sts", "mta sts", "not support tls", "dane",
	}},
	{reason: "securityerror", words: []string{
		"recipient address rejected: access denied", "account not subscribed", "authentication credentials", "compressed files",
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

	// The mailbox is there.
	{reason: "mailboxfull", words: []string{
		"too much mail data", "no space left on device", "exceeding receiving limits", "diskspace quota", "does not have enough space", "full mailbox",
		"mailbox exceeded", "allowed quota", "quota violation", "space has been used up", "too many messages on the server", "quota usage",
		"userdisk quota", "domaindisk quota", "over quota", "exceeded the local limit", "over-quota", "overdrawn", "space limit", "sobre cuota", "cuota",
		"quota di", "spazio", "speicher", "as their mailbox is full", "error: quota exceed", "quota exceed", "mailbox full", "mailbox is full",
		"mailbox was full", "mailbox for user is full", "box is full", "mailbox has exceeded", "mailbox exceed", "mailbox size limit", "mailbox quota",
		"mailbox limit", "mailfolder is full", "maildir over quota", "maildir delivery failed: user", "maildir full", "mail box full", "mail box is full",
		"mailbox over", "overquota", "over the quota", "over disk quota", "over its quota", "over their quota", "over * storage", "out of storage",
		"out of quota", "outofquota", "quota exhaust", "quota full", "quota limit", "quota has been", "quota is exceeded", "exceed * quota",
		"exceeded * quota", "exceeds * quota", "exceeding * quota", "exceeded quota", "exceeded storage", "exceeded the storage", "exceeded its storage",
		"exceed storage", "disk quota", "disc quota", "storage quota", "account is full", "account full", "account is exceeding", "inbox is full",
		"inbox full", "user is full", "too much mail in", "insufficient disk", "insufficient space", "not enough space in", "not enough storage space in",
		"not enough disk space", "no space left in mailbox", "mailbox has no", "would exceed mailbox", "would be over", "would exceed * limit",
		"exceeds allowed size", "exceeds its limit", "allocated storage", "storage allocation", "storage limit", "user has exhausted",
		"recipient storage full", "recipient reached disk", "has reached * storage", "reached his quota", "recipient is over", "recipient mailbox is full",
		"user * over quota", "boite du destinataire pleine", "boîte pleine", "postfach voll", "postfach ist voll", "speicherplatz", "buzon lleno",
		"buzón lleno", "casella piena", "temporarily over quota", "volume is full", "mail quota", "capacity exceeded", "user has too many messages",
		"mailbox contains too many", "mail folder is full", "mail file size exceeds", "database is over its size", "容量", "いっぱい", "inbox is out of storage",
		"storage space",
	}},
	{reason: "suspend", words: []string{
		"currently suspended", "archived recipient", "has been suspended", "user is terminated", "recipient suspend", "disabled or discontinued",
		"no longer accepts mail", "user or domain is disabled", "account is locked", "temporarily inactive", "is disabled", "is suspended",
		"is deactivated", "was suspended", "mailaddress is administrat", "new mail is not currently being accepted", "extended inactivity",
		"unavailable: user", "mailbox is frozen", "mailbox frozen", "mailbox disabled", "mailbox is disabled", "mailbox temporarily disabled",
		"mailbox currently suspended", "mailbox suspended", "mailbox is inactive", "mailbox inactive", "mailbox is not active",
		"mailbox unavailable or access", "mailbox not active", "mailbox has been disabled", "mailbox has been blocked", "mailbox is blocked",
		"account disabled", "account is disabled", "account has been disabled", "account that you tried to reach is disabled",
		"account that you tried to reach is inactive", "account that you tried to reach is over", "account suspended", "account is suspended",
		"account has been suspended", "account temporarily", "account is temporarily", "account inactive", "account is inactive", "account * is inactive",
		"account * disabled", "account * suspended", "account * locked", "account locked", "account closed temporarily", "account has been locked",
		"account expired", "account has expired", "account is not active", "inactive account", "inactive user", "inactive recipient", "disabled recipient",
		"disabled user", "user disabled", "user is disabled", "user account disabled", "user suspended", "user is suspended", "user * suspended",
		"user is inactive", "user inactive", "user is not active", "user not active", "recipient suspended", "recipient is suspended",
		"recipient disabled", "recipient is disabled", "recipient inactive", "recipient is inactive", "recipient temporarily unavailable",
		"recipient * disabled", "suspended due to inactivity", "temporarily suspended account", "this account has been", "this account is not allowed",
		"invalid/inactive user", "is a deactivated mailbox", "deactivated", "has been terminated", "email address is administratively disabled",
		"domain has been suspended", "domain is suspended", "domain suspended", "domain * suspended", "account is deactivated", "konto gesperrt",
		"gesperrt", "dormant", "not yet activated", "boite du destinataire archivee", "bounced address", "recipient is on",
	}},
	{reason: "suppressed", words: []string{
		"suppression list", "suppressed", "on the bounce list", "recipient is suppressed", "bounced previously", "address is on * suppress",
	}},
	{reason: "hasmoved", status: []string{"5.1.6", "4.1.6"}},
	{reason: "hasmoved", words: []string{
		"has moved", "has been moved", "mailbox moved", "no longer on server", "user has moved", "address has changed", "address changed",
		"mailbox has been replaced", "has been replaced by", "new address", "please update your address",
	}},

	// The letter's sender.
	{reason: "rejected", status: []string{"5.1.7", "5.1.8", "4.1.7", "4.1.8"}},
	{reason: "rejected", words: []string{
		"batv", "prvs", "backscatter protection", "bogus mail from", "members-only", "non-member", "purported responsible address", "secumail",
		"dead domain", "bouncedeny", "domain of sender", "senderfilterconfig", "no third-party dsns", "fully qualified email address required",
		"mail from not owned", "not owned by user", "mailfrom", "null sender", "returned mail not accepted", "recursive cname", "rule imposed",
		"sender is in my black list", "sender is spammer", "sender not pre-approved", "sender domain is empty", "spam reporting address",
		"not subscribed to this group", "this server does not accept mail from", "unsigned dsn", "unroutable sender", "your access to submit messages",
		"administrative prohibition", "empty sender", "from address is not", "email address has been blacklisted", "address has been blacklisted",
		"not allowed as sender", "sender is on", "from field", "moderat", "posting", "not permitted to post", "not allowed to post",
		"sender address rejected", "sender rejected", "sender denied", "sender refused", "sender not", "sender is not", "sender was rejected because",
		"sender unknown", "sender verify", "sender verification", "sender domain", "sender's domain", "sender's address", "sender address",
		"sender invalid", "sender is blocked", "invalid sender", "bad sender", "unknown sender", "unverified sender", "your sender's ip", "senders domain",
		"return-path", "return path", "reverse-path", "reverse path", "callback", "call-out", "callout", "from address rejected", "from: address",
		"from address not", "from: domain", "domain is invalid. please provide", "domain of the sender", "domain must exist",
		"domain does not exist in sender", "domain name must", "mail from must", "mail from domain", "mail from command rejected", "mail from: domain",
		"envelope sender", "envelope from", "empty envelope", "blank from", "bounce attack", "bouncing", "not accept bounces", "bounces not accepted",
		"does not accept bounces", "you are sending to/from", "sending to/from an address that has been", "you are not allowed to post", "not a member",
		"not member", "not allowed to send to this", "only accepts mail from", "only authenticated", "only members", "nonmember", "not subscribed",
		"not permitted to send", "not authorized to send", "not allowed to send", "sent from an unauthorized", "restricted sender", "address in the from",
		"emetteur invalide", "we only accept", "e2110", "domain owns no mail exchangers", "access denied", "access not allowed", "access not permitted",
		"spoof", "forged", "impersonat", "not have permission to send", "5.1.8",
	}, code: []string{"4", "5"}},
	{reason: "rejected", words: []string{
		"sender rejected", "you are sending to/from", "not a member", "not member", "only members", "access denied", "invalid sender",
		"sender address rejected", "sender denied", "sender was rejected",
	}},
	// It says of itself that it is under a policy.
	{reason: "policyviolation", words: []string{
		"host network not allowed", "organizational settings", "organization policy", "not accepted for policy", "security policies", "low priority",
		"mass mailer", "protocol violation", "we do not accept messages containing", "not accepting mail with attachments", "message refused by",
		"administrator has", "contains attachments", "images or other attachments", "multiple addresses in from", "policy violation",
		"violation of policy", "violates policy", "violates our policy", "policy reject", "policy restriction", "policy reason", "local policy",
		"site policy", "policies", "denied by policy", "blocked by policy", "refused by policy", "prohibited by administrator", "administratively",
		"by admin policy", "header error", "disallowed by", "due to policy", "against policy", "our policy", "company policy", "because of policy",
		"delivery not authorized", "rejected by policy", "email policy", "by administrator", "closed mailing list", "prohibited", "by the administrator",
		"mail-admin rule", "transport rule", "you can only send", "reject*rule", "we do not accept", "delivery not permitted",
	}},

	// Where it was to go.
	{reason: "notaccept", words: []string{
		"destination seem to reject all mails", "no mx found for", "host found for existing smtp connection", "all mails are rejected",
		"no mx record found for domain", "null mx", "no mx found for domain", "nullmx", "doesn't receive email", "does not accept mail",
		"domain does not accept", "no smtp service", "host does not accept", "not accepting network messages", "doesn't accept mail",
		"mail receiving disabled", "does not receive mail", "does not receive email", "mx points to", "couldn't find a mail exchanger",
		"indicated no smtp", "domain says it does not",
	}},
	{reason: "networkerror", words: []string{
		"dns error:", "host not found, try again", "try again: host not found", "temporary failure in name resolution", "temporary dns",
		"temporary lookup", "dns lookup * timed out", "dns timeout", "dns server * not respond",
	}},
	{reason: "hostunknown", words: []string{
		"all host address lookups failed permanently", "point to non-existent hosts", "unknown domain name", "recipient domain must exist",
		"illegal host/domain", "remote domain doesn", "domain name system", "dns records for", "no such host", "mail exchanger*not found",
		"unable to find domain", "could not find a gateway", "host unknown", "unknown host", "host not found", "host or domain name not found",
		"host * not found", "no such domain", "domain not found", "domain * not found", "domain does not exist", "domain doesn't exist",
		"domain * does not exist", "domain is not reachable", "domain unknown", "unknown domain", "domain invalid", "invalid domain",
		"bad destination host", "bad destination system", "destination host unknown", "destination domain", "destination server not found",
		"unrouteable address", "unroutable address", "unrouteable domain", "unrouteable mail domain", "unable to route", "cannot route",
		"no route to domain", "name service error", "name or service not known", "nameserver error", "couldn't find any host",
		"couldn't find a mail exchanger", "couldn't find any", "could not find a mail server", "recipient address rejected: domain not found",
		"cannot resolve the domain", "unable to resolve", "could not resolve", "couldn't resolve", "can't resolve", "non-existent domain",
		"nonexistent domain", "non-existent host", "nxdomain", "no mx", "no mail exchanger", "no a/mx", "no matching mx", "mx record*not found",
		"all relevant mx records point to non-existent", "mx lookup", "lookup of domain", "domain lookup failed", "bad domain", "no such mail domain",
		"not a valid domain", "domain name not found", "invalid host", "illegal host", "domain isn't in my",
		"mail domain mentioned in email address is unknown", "account or domain may not exist", "dns entries", "host name lookup failure",
		"hostname not found", "host name not found", "unknown destination", "nodename nor servname", "address family for hostname not supported",
		"no dns entries", "domain part",
	}},

	{reason: "onhold", words: []string{"on hold"}},

	// What PowerMTA found itself.
	{reason: "userunknown", words: []string{"powermta: bad-mailbox"}, anywhere: true},
	{reason: "hostunknown", words: []string{"powermta: bad-domain"}, anywhere: true},
	{reason: "mailboxfull", words: []string{"powermta: quota-issues"}, anywhere: true},
	{reason: "suspend", words: []string{"powermta: inactive-mailbox"}, anywhere: true},
	{reason: "spamdetected", words: []string{"powermta: spam-related"}, anywhere: true},
	{reason: "virusdetected", words: []string{"powermta: virus-related"}, anywhere: true},
	{reason: "contenterror", words: []string{"powermta: content-related"}, anywhere: true},
	{reason: "policyviolation", words: []string{"powermta: policy-related"}, anywhere: true},
	{reason: "norelaying", words: []string{"powermta: relaying-issues"}, anywhere: true},
	{reason: "rejected", words: []string{"powermta: invalid-sender"}, anywhere: true},
	{reason: "expired", words: []string{"powermta: message-expired"}, anywhere: true},
	{reason: "networkerror", words: []string{"powermta: no-answer-from-host"}, anywhere: true},
	{reason: "networkerror", words: []string{"powermta: bad-connection"}, anywhere: true},
	{reason: "syntaxerror", words: []string{"powermta: protocol-errors"}, anywhere: true},
	{reason: "systemerror", words: []string{"powermta: bad-configuration"}, anywhere: true},

	// Nobody is there: said at RCPT, or by a status code, it is sure.
	{reason: "userunknown", status: []string{"5.1.1", "4.1.1", "5.1.0", "5.1.3", "5.1.10"}, words: noSuchUser},
	{reason: "userunknown", status: []string{"5.1.1", "5.1.0"}, words: []string{"address rejected", "rejected"}},
	{reason: "userunknown", at: []string{"RCPT"}, words: noSuchUser},
	{reason: "filtered", status: []string{"5.7."}, words: noSuchUser},
	{reason: "filtered", at: []string{"DATA"}, words: noSuchUser},
	{reason: "userunknown", uncoded: true, words: []string{
		// Systems that say so of their own mailboxes, and not of a reply that
		// they got.
		"unknown user:", "not listed in domino directory", "annuaire domino", "directorio de domino", "domino ディレクトリ", "user not found", "no existe",
		"nessun utente", "no valid recipients for this mm", "recipient name is not recognized", "unknown recipient", "user not listed in",
		"not listed in public name", "not listed in domino", "no mailbox here by that name", "invalid final delivery userid", "no valid recipients",
		"no such user here", "mailbox not found", "recipient not found", "no such recipient",
		"email account that you tried to reach does not exist. please try", "couldn't be found", "wasn't found", "address not found", "address couldn't",
		"unknown address", "does not exist at", "doesn't exist at", "unknown local", "unknown or illegal alias", "unknown alias",
		"no account by that name", "no such local user", "no such mailbox", "no such address", "no such person", "mailbox does not exist",
		"mailbox doesn't exist", "mailbox unavailable", "address does not exist", "recipnotfound", "addressunknown", "not our customer", "unknown mailbox",
		"the user(s) account is disabled", "delivery to the following recipients failed permanently", "not a valid mailbox", "invalid recipient",
		"invalid mailbox", "invalid address", "user does not exist", "user doesn't exist", "account does not exist", "recipient does not exist",
		"is not a known user", "not known at this site", "nicht gefunden", "unbekannt", "utilisateur inconnu", "adresse inexistante",
		"adresse d au moins un destinataire", "destinatario desconocido", "usuario desconocido", "utente sconosciuto", "不存在", "存在しません", "見つかりません",
		"no user", "no recipients",
	}},
	{reason: "filtered", words: noSuchUser},
	{reason: "mailererror", kind: "x-unix"},
	{reason: "filtered", words: []string{
		"has restricted sms", "refused due to recipient preferences", "recipient preferences", "is not accepting any mail", "message filtered",
		"user rules", "not found recipient account", "refuse to receive", "only accepting", "you have been blocked by the recipient",
		"blocked by the recipient", "rejected by the recipient", "recipient settings", "not willing", "unwanted", "recipient address rejected",
		"address rejected", "user refuses to receive", "refuses to receive", "rejected your message", "recipient rejected", "recipient has rejected",
		"recipient refused", "rejected by recipient", "rejected by user", "user reject", "user refused", "because the recipient",
		"does not accept messages from", "has chosen not to", "recipient is not accepting", "recipient * not accept", "not accepting messages",
		"not accept unsolicited", "recipient blocked", "refused by recipient", "receiver of mail", "restricted mailbox", "only accepting mail from",
		"permission to receive", "protected by", "whitelist", "challenge", "requested action aborted", "denied by recipient", "account is protected",
		"mailbox * closed", "resolver.rst", "user(s) rejected",
	}},

	// Weaker signs that it was refused for where it came from.
	{reason: "blocked", words: []string{
		"listed at", "listed on", "listed in", "is listed", "access list", "doesn't accept", "restricted", "country", "invalid host", "hostname rejected",
		"generic host", "your host", "your server", "your network", "message refused", "mail refused", "email refused", "no longer accepting mail from",
		"abuse", "dul", "sbl", "unacceptable mail", "subnet", "part of a network", "intrusion prevention", "residential", "is blocked", "are blocked",
		"been blocked", "was blocked", "550 rejected", "service refused",
	}},

	// On the way.
	{reason: "networkerror", words: []string{
		"no route to host", "network error", "network is unreachable", "network unreachable", "connection reset", "connection lost", "lost connection",
		"connection died", "host is unreachable", "too many hops",
	}},
	{reason: "expired", words: []string{
		"not been collected after", "sitting in queue", "timed out", "did not respond", "multiple retries", "allowed queue period", "continue to be",
		"failed to deliver to domain", "cannot connect to remote server", "refulsed", "not reachable", "no action is required",
		"delivery failed * attempts", "still undelivered", "connection timed out", "operation timed out", "timeout", "time out", "time-out",
		"retry timeout", "delivery expired", "message expired", "has expired", "expired after", "in the queue too long", "queue too long",
		"been failing for a long time", "failing for a long time", "could not be delivered for", "could not be delivered within",
		"unable to deliver * days", "undeliverable for", "not been delivered", "has not been delivered", "not yet been delivered", "not yet delivered",
		"delivery attempts", "delivery time", "too many retries", "retry limit", "maximum retries", "max retries", "giving up on", "giving up.", "gave up",
		"too old", "message delayed", "delivery delayed", "delayed more than", "was delayed", "is delayed", "has been delayed", "been in the queue",
		"not delivered after", "undelivered after", "unable to deliver this message after", "queue expired", "maximum time", "retry time not reached",
		"for * hours", "for * days", "for the last", "will be retried", "will continue to try", "try for * more", "still being retried", "keep trying",
		"will keep trying", "delivery temporarily suspended", "temporarily unable to deliver", "recipient's server did not accept our requests to connect",
	}},
	{reason: "networkerror", words: []string{
		"no route to host", "network error", "network is unreachable", "network unreachable", "connection refused", "connection reset", "connection lost",
		"lost connection", "connection closed", "connection died", "connection broken", "connection failed", "connection was", "could not connect",
		"couldn't connect", "cannot connect", "can't connect", "unable to connect", "unable to establish", "couldn't establish",
		"wasn't able to establish an smtp connection", "establish an smtp connection", "host is unreachable", "host unreachable", "host is down",
		"unreachable", "too many hops", "hop count exceeded", "hopcount", "maximum hop", "broken pipe", "end of file", "unexpected eof",
		"mail server is down", "mail server down", "dns error", "domain name server", "dns query", "dns failure", "resolver.adr.loop",
		"communication error", "protocol error", "socket", "bad gateway", "malformed or unexpected name server reply", "malformed name server reply",
		"name server: ", "mx host", "all hosts", "interrupted", "network failure",
	}},
	{reason: "systemfull", words: []string{
		"internal server error: insufficient system storage", "no space left on device", "system is full", "mail system full", "disk full",
		"insufficient system storage", "insufficient system", "insufficient storage", "out of disk", "file system full", "not enough disk",
		"requested mail action aborted: exceeded storage", "out of memory",
	}},
	{reason: "mailererror", words: []string{
		"procmail", "mailer error", "command died", "command failed", "command output", "exit code", "exited with", "child process", "child crashed",
		"exit status", "exit value", "local delivery failed", "local delivery agent", "pipe to", "|/", "x-unix", "smtpd-deliver", "permission denied",
		"can't create", "couldn't create", "cannot open mailbox", "can't open mailbox", "unable to open", "maildrop", "dovecot", "lmtp", "vdelivermail",
		"delivery agent", "system error while", "deliver:", "subprocess", "return code", "cannot update mailbox", "killed by",
	}},
	{reason: "systemerror", words: []string{
		"output file", "could not load drd", "interrupted system call", "encountered an error while", "no mdb", "remote server is misconfigured",
		"system config error", "timeout waiting for input", "wrong owner", "bad interpreter", "delivery to file forbidden", "delivery to pipe forbidden",
		"local delivery failed", "lmtp error", "dns lookup failure", "internal system error", "internal error", "internal server error", "system error",
		"server error", "server configuration", "configuration error", "local configuration", "misconfigured", "mail system configuration", "local error",
		"fatal error", "temporary failure", "temporary local problem", "temporary problem", "temporarily unavailable", "service unavailable",
		"service currently unavailable", "service is unavailable", "service not available", "server unavailable", "server is unavailable", "server busy",
		"server too busy", "server is busy", "system not", "system unavailable", "system resources", "insufficient resources", "resources temporarily",
		"resources unavailable", "not available", "technical difficulties", "technical problem", "transaction failed", "unexpected error", "unknown error",
		"unspecified error", "can't create user output file", "cannot send mail", "cannot forward", "can't get", "database error", "ldap", "i/o error",
		"input/output error", "unable to process", "processing error", "queue file write error", "error in processing", "unexpected failure",
		"mail server is temporarily", "it's a configuration", "mx list for * points back", "mail for * loops back to myself", "loops back to",
		"insufficient permission", "try again later", "please try again", "try later", "system failure",
	}},
	{reason: "syntaxerror", words: []string{
		"angle-brackets", "expected word", "source-routed", "missing or malformed local part", "illegal character in", "malformed address",
		"malformed recipient", "syntax error", "syntactically", "command not implemented", "command unrecognized", "unrecognized command",
		"command not recognized", "unknown command", "command parameter not implemented", "parameter not implemented", "not implemented",
		"improper sequence", "bad sequence of commands", "bad sequence", "out of sequence", "invalid command", "syntax", "unsupported", "command not",
		"bad command", "need mail command", "need rcpt", "incorrectly constructed",
	}},
	{reason: "onhold", words: []string{"on hold"}},
	{reason: "rejected", words: []string{"rejected due to", "message rejected", "mail rejected", "email rejected", "rejected"}, at: []string{"MAIL"}},
}

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
	"user is not", "user account * not", "user unkown", "no such user", "no such local user", "no such recipient", "no such mailbox", "no such person",
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
	"not found", "no longer valid", "no longer exists", "no longer active", "no longer available", "no longer accept", "no longer with",
	"no longer works", "no longer employed", "left the company", "left the organi", "unrouteable address", "destination addresses were unknown",
	"destination unknown", "undeliverable address", "undeliverable recipient", "unable to verify", "verify * address", "verify failed", "nobody here",
	"nobody by that name", "no one by that name", "by that name", "not in our", "not in directory", "not in the directory", "is not in",
	"rejected recipient", "recipient rejected", "recipnotfound", "addressunknown", "unknown; rejecting", "dosn't exist", "illegal alias", "user, ",
	"unavailable mailbox", "invalid or unknown", "inexistant", "unbekannt", "inconnu", "desconocido", "no existe", "sconosciuto", "onbekend",
	"nieznany", "okänd", "ukjent", "ukendt", "неизвестен", "не существует", "not our user", "no recipients", "address error", "should have a valid",
	"undefined user", "virtual user", "nosuchuser", "user * unknown", "requested action not taken: mailbox"}

// span are status codes of one subject from one detail to another.
func span(subject string, from, to int) (codes []string) {
	for i := from; i <= to; i++ {
		codes = append(codes, subject+strconv.Itoa(i))
	}
	return codes
}

// french are the codes of Orange (OFR) and La Poste (LPN).
func french(codes ...string) (words []string) {
	for _, c := range codes {
		words = append(words, "ofr_"+c, "ofr*_"+c, "lpn*_"+c)
	}
	return words
}
