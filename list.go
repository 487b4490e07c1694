package sigpost

// List is a mailing list that sigpost reads (RFC 5598, section 5.3).
type List struct {
	// Name is the short name that the config, the store and pages use.
	Name string
	// Title is the list's name for people.
	Title string
	// ListID is the list's identifier without its brackets (RFC 2919), such
	// as "kubernetes-sig-openstack.googlegroups.com". It may be empty.
	ListID string
	// Post is the address that people write to.
	Post string
	// ArchiveURL is where a message can be read by everybody. "{message_id}"
	// in it stands for the Message-ID, percent-encoded. It may be empty.
	ArchiveURL string
}
