package bounce

// ofAddress are the rules for what is said of the mailbox and of where it was to go,
// behind those for the letter; some among them keep words of the letter from being
// taken for words of the address.
var ofAddress = []rule{
	// The mailbox is there.
	{reason: "systemfull", status: []string{"4.3.1", "5.3.1", "4.4.5", "5.4.5"}, words: []string{"disk", "system"}},
	{reason: "suppressed", words: []string{
		"suppression list", "suppressed", "on the bounce list", "recipient is suppressed", "bounced previously", "address is on * suppress",
	}},
	{reason: "mailboxfull", words: []string{
		"too much mail data", "no space left on device", "exceeding receiving limits", "diskspace quota", "does not have enough space", "full mailbox",
		"mailbox exceeded", "allowed quota", "quota violation", "space has been used up", "too many messages on the server", "quota usage",
		"userdisk quota", "domaindisk quota", "over quota", "exceeded the local limit", "over-quota", "overdrawn", "space limit", "sobre cuota", "cuota",
		"quota di", "spazio", "speicher", "as their mailbox is full", "error: quota exceed", "quota exceed", "mailbox full", "mailbox is full",
		"mailbox was full", "mailbox for user is full", "box is full", "mailbox has exceeded", "mailbox exceed", "mailbox size limit", "mailbox quota",
		"mailbox limit", "mailbox size", "mailquota", "reached * quota", "box has no space", "box has no room", "limit * mailbox", "limit * account reached", "mailfolder is full", "maildir over quota", "maildir delivery failed: user", "maildir full", "mail box full", "mail box is full",
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
	{reason: "userunknown", at: []string{"RCPT"}, words: []string{
		"inactive or doesn't exist", "inactive or does not exist", "forgery or deactivated", "unavailable: user not found",
	}},
	{reason: "suspend", words: []string{
		"currently suspended", "archived recipient", "has been suspended", "user is terminated", "recipient suspend", "disabled or discontinued",
		"user or domain is disabled", "account is locked", "temporarily inactive", "is disabled", "is suspended", "has been disabled", "have been disabled", "mailbox * frozen", "account * frozen", "turned off", "is locked", "temporarily disabled", "is inactive", "for inactivity", "account * expired", "banned recipient", "account is blocked", "account was disabled", "account was blocked", "user * is blocked",
		"is deactivated", "was suspended", "mailaddress is administrat", "mailbox is frozen", "mailbox frozen", "mailbox disabled", "mailbox is disabled", "mailbox temporarily disabled",
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
		"gesperrt", "dormant", "not yet activated", "boite du destinataire archivee",
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
		"not allowed as sender", "sender is on", "from field", "moderat", "posting", "to post to", "permission to post", "authorized to post", "not permitted to post", "not allowed to post",
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
		"emetteur invalide", "we only accept", "e2110", "domain owns no mail exchangers", "access not allowed", "access not permitted",
		"spoof", "forged", "impersonat", "not have permission to send", "5.1.8",
	}, code: []string{"4", "5"}},
	{reason: "rejected", words: []string{
		"sender rejected", "you are sending to/from", "not a member", "not member", "only members", "invalid sender",
		"sender address rejected", "sender denied", "sender was rejected",
	}},
	{reason: "rejected", at: []string{"MAIL"}, words: []string{"access denied"}},
	{reason: "securityerror", words: []string{"access denied"}},
	// It says of itself that it is under a policy.
	{reason: "policyviolation", words: []string{
		"host network not allowed", "organizational settings", "organization policy", "not accepted for policy", "security policies", "low priority",
		"mass mailer", "protocol violation", "we do not accept messages containing", "not accepting mail with attachments", "message refused by",
		"administrator has", "contains attachments", "images or other attachments", "multiple addresses in from", "policy violation",
		"violation of policy", "violates policy", "violates our policy", "policy reject", "policy restriction", "policy reason", "local policy",
		"site policy", "policies", "denied by policy", "blocked by policy", "refused by policy", "prohibited by administrator", "administratively",
		"by admin policy", "header error", "disallowed by", "due to policy", "by mail policy", "by policy", "against policy", "our policy", "company policy", "because of policy",
		"delivery not authorized", "rejected by policy", "email policy", "by administrator", "closed mailing list", "prohibited", "by the administrator",
		"mail-admin rule", "transport rule", "you can only send", "reject*rule", "we do not accept", "delivery not permitted",
	}},

	// Where it was to go.
	{reason: "notaccept", words: []string{
		"destination seem to reject all mails", "no mx found for", "host found for existing smtp connection", "all mails are rejected", "takes no mail", "take no mail",
		"no mx record found for domain", "null mx", "no mx found for domain", "nullmx", "doesn't receive email", "does not accept mail",
		"domain does not accept", "no smtp service", "host does not accept", "not accepting network messages", "doesn't accept mail",
		"mail receiving disabled", "does not receive mail", "does not receive email", "mx points to", "couldn't find a mail exchanger",
		"indicated no smtp", "domain says it does not",
	}},
	{reason: "networkerror", words: []string{
		"dns error:", "host not found, try again", "try again: host not found", "temporary failure in name resolution", "temporary dns",
		"dns lookup * timed out", "dns timeout", "dns server * not respond",
	}},
	{reason: "hostunknown", words: []string{
		"all host address lookups failed permanently", "point to non-existent hosts", "unknown domain name", "recipient domain must exist",
		"illegal host/domain", "remote domain doesn", "domain name system", "dns records for", "no such host", "mail exchanger*not found",
		"unable to find domain", "could not find a gateway", "host unknown", "unknown host", "host not found", "host or domain name not found",
		"host * not found", "no such domain", "domain not found", "domain * not found", "domain does not exist", "domain could not be found", "domain * not be resolved", "host * not be resolved", "domain cannot be resolved", "host cannot be resolved", "not resolvable", "answer with no data", "find an mx", "find a valid mx", "find mx", "no mail hosts", "domain * could not be found", "domain wasn't found", "domain was not found", "domain doesn't exist",
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

	// Said of a command, and of nobody.
	{reason: "syntaxerror", code: []string{"500", "502", "503", "504"}, words: []string{
		"command", "parameter", "sequence", "argument", "not implemented", "not recogni", "unrecogni", "duplicate",
	}},
	// Said of the sender, whom it knows or does not.
	{reason: "rejected", code: []string{"4", "5"}, near: true, words: []string{"sender ", "sender's", "senders ", "from address", "from header", "your address", "your domain"}},

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

	// Whatever it calls its policy, it is none of the address.
	{reason: "policyviolation", near: true, words: []string{"policy"}},

	// Nobody is there: said at RCPT, or by a status code, it is sure.
	{reason: "suspend", code: []string{"4"}, words: []string{
		"mailbox temporar", "mailbox * temporar", "account temporar", "user temporar", "recipient temporar", "address temporar",
	}},
	{reason: "suspend", status: []string{"4.2.1"}, words: noSuchUser},
	{reason: "userunknown", status: []string{"5.1.1", "4.1.1", "5.1.0", "5.1.3", "5.1.10"}, words: noSuchUser},
	// Words of the letter or its sender under the code of an unknown address.
	{reason: "policyviolation", status: []string{"5.1.", "4.1."}, code: []string{"4", "5"}, near: true, words: []string{
		"sent", "sending", "sender", "senders", "content", "limit", "limits", "abuse", "rate", "too many", "your", "not allowed", "not permitted", "prohibited",
		"message rejected", "mail rejected", "email rejected", "message refused", "mail refused", "rule", "rules", "filter",
		"message", "header", "ip ", "network", "country", "denied", "refused", "blocked", "banned", "intrusion", "busy", "list ", "listed", "not supported",
	}},
	{reason: "userunknown", status: []string{"5.1.1", "5.1.0"}, words: []string{"address rejected", "rejected"}},
	{reason: "hostunknown", status: []string{"5.1.2"}, words: noSuchUser},
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
		"email account that you tried to reach does not exist. please try", "couldn't be found", "wasn't found", "address not found", "address was not found", "address couldn't",
		"unknown address", "does not exist at", "doesn't exist at", "unknown local", "unknown or illegal alias", "unknown alias",
		"no account by that name", "no such local user", "no such mailbox", "no such address", "no such person", "mailbox does not exist",
		"mailbox doesn't exist", "mailbox unavailable", "address does not exist", "recipnotfound", "addressunknown", "not our customer", "unknown mailbox",
		"the user(s) account is disabled", "delivery to the following recipients failed permanently", "not a valid mailbox", "invalid recipient",
		"invalid mailbox", "invalid address", "user does not exist", "user doesn't exist", "account does not exist", "recipient does not exist",
		"is not a known user", "not known at this site", "nicht gefunden", "unbekannt", "utilisateur inconnu", "adresse inexistante",
		"adresse d au moins un destinataire", "destinatario desconocido", "usuario desconocido", "utente sconosciuto", "不存在", "存在しません", "見つかりません",
		"no user", "no recipients", "no longer exists", "no longer valid", "no longer active",
	}},
	{reason: "filtered", words: noSuchUser},
	{reason: "mailererror", kind: "x-unix"},
	{reason: "filtered", words: []string{
		"has restricted sms", "refused due to recipient preferences", "recipient preferences", "is not accepting any mail", "message filtered",
		"user rules", "not found recipient account", "refuse to receive", "only accepting", "you have been blocked by the recipient",
		"blocked by the recipient", "rejected by the recipient", "recipient settings", "not willing", "unwanted", "user refuses to receive", "refuses to receive", "rejected your message", "recipient rejected", "recipient has rejected",
		"recipient refused", "rejected by recipient", "rejected by user", "user reject", "user refused", "because the recipient",
		"does not accept messages from", "has chosen not to", "recipient is not accepting", "recipient * not accept", "not accepting messages",
		"not accept unsolicited", "recipient blocked", "refused by recipient", "receiver of mail", "restricted mailbox", "only accepting mail from",
		"permission to receive", "protected by", "whitelist", "challenge", "requested action aborted", "denied by recipient", "account is protected",
		"mailbox * closed", "resolver.rst", "user(s) rejected",
	}},

	// Weaker signs that it was refused for where it came from.
	{reason: "blocked", words: []string{
		"blocked", "listed at", "listed on", "listed in", "is listed", "access list", "doesn't accept", "restricted", "country", "invalid host",
		"hostname rejected", "generic host", "your host", "your server", "your network", "message refused", "mail refused", "email refused",
		"no longer accepting mail from", "abuse", "dul.", "the dul", "sbl", "unacceptable mail", "subnet", "part of a network", "intrusion prevention", "residential",
		"is blocked", "are blocked", "been blocked", "was blocked", "550 rejected", "service refused",
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
		"retry timeout", "delivery expired", "message expired", "retries failed", "maximum lifetime", "queue time", "did not reply", "server * not reply", "host * not reply", "no reply from", "no response from", "older than the max", "lifetime", "message within * days", "send message within", "has expired", "expired after", "in the queue too long", "queue too long",
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
		"procmail", "mailer error", "run mailer", "unable to run", "command died", "command failed", "command output", "exit code", "exited with", "child process", "child crashed",
		"exit status", "exit value", "local delivery failed", "local delivery agent", "pipe to", "|/", "x-unix", "smtpd-deliver", "permission denied",
		"can't create", "couldn't create", "cannot open mailbox", "can't open mailbox", "unable to open", "maildrop", "dovecot", "lmtp", "vdelivermail",
		"delivery agent", "system error while", "deliver:", "subprocess", "return code", "cannot update mailbox", "killed by",
	}},
	{reason: "systemerror", words: []string{
		"output file", "could not load drd", "interrupted system call", "encountered an error while", "no mdb", "remote server is misconfigured",
		"system config error", "timeout waiting for input", "wrong owner", "bad interpreter", "delivery to file forbidden", "delivery to pipe forbidden",
		"local delivery failed", "lmtp error", "dns lookup failure", "internal system error", "internal error", "internal server error", "system error",
		"server error", "server configuration", "configuration error", "local configuration", "misconfigured", "mail system configuration", "local error",
		"fatal error", "temporary local problem", "temporary problem", "temporarily unavailable", "service not available", "server unavailable", "server is unavailable", "server busy",
		"server too busy", "server is busy", "system not", "system unavailable", "system resources", "insufficient resources", "resources temporarily",
		"resources unavailable", "technical difficulties", "technical problem", "transaction failed", "unexpected error", "unknown error",
		"unspecified error", "can't create user output file", "cannot send mail", "cannot forward", "can't get", "database error", "ldap", "i/o error",
		"input/output error", "unable to process", "processing error", "queue file write error", "error in processing", "unexpected failure",
		"mail server is temporarily", "it's a configuration", "mx list for * points back", "mail for * loops back to myself", "loops back to",
		"insufficient permission", "system failure",
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

// vague rules are asked last, where neither words nor a status code say more.
var vague = []rule{
	{reason: "systemerror", words: []string{
		"try again later", "please try again", "try later", "temporary failure", "service unavailable", "service is unavailable",
		"service currently unavailable", "not available",
	}},
}
