package classify

import (
	_ "embed"
	"slices"
	"strings"

	"sigpost/internal/osa"
)

// A name of several words, such as "openstack-helm", may be misspelt in a word
// that is too short to be looked for alone, or a letter of it may stand on the
// wrong side of a space: the other words show what is meant.

// joinedName is such a name.
type joinedName struct {
	words []string
	ids   []int32 // of its words
	// spaced says that it is written with a space, somewhere in the taxonomy.
	spaced bool
}

// joinedAt is a joined name and the place in it of its first or last word.
type joinedAt struct {
	name, at int32
	// beside is the word next to it, size how many letters that has, and slack how
	// many more or less it may have.
	beside, size, slack int32
}

// anchor is a word of the text that is one of joined names.
type anchor struct {
	atom, word int32
}

const (
	maxJoined = 5
	// minRun is how many letters a name has that is also known without what
	// stands between its words.
	minRun = 7
)

// joinedNames are the names of several words of a taxonomy.
func (t *Taxonomy) joinedNames() []joinedName {
	var names []joinedName
	index := map[string]int{}
	for i := range t.Tags {
		s := &t.Tags[i]
		if s.NeverInText {
			continue
		}
		for _, name := range slices.Concat([]string{s.Name}, s.Aliases, s.CommonAliases, s.Former) {
			words := splitAtoms(name)
			if n := len(words); n < 2 || n > maxJoined || len(strings.Join(words, "")) < minSpellName {
				continue
			}
			text := strings.Join(words, " ")
			k, ok := index[text]
			if !ok {
				k = len(names)
				index[text] = k
				names = append(names, joinedName{words: words})
			}
			names[k].spaced = names[k].spaced || strings.Contains(name, " ")
		}
	}
	return names
}

// addRuns makes joined names known without what stands between their words, which is
// a slip, too, where that is no other word.
func (p *program) addRuns(t *Taxonomy) {
	for _, n := range t.joinedNames() {
		text := strings.Join(n.words, "")
		if _, ok := p.words[text]; ok || len(text) < minRun || !isLetters(text) {
			continue
		}
		for _, root := range p.rootOfKind {
			at, ok := root, true
			for i := 0; ok && i < len(n.words); i++ {
				at, ok = p.edges[edge{at, p.words[n.words[i]]}]
			}
			if !ok {
				continue
			}
			to := p.path(root, []string{text})
			p.flags[p.words[text]] |= wordRun
			p.nodes[to].terms = p.nodes[at].terms
		}
	}
}

// addJoined makes joined names known by those of their words that show where to
// look: the first and the last, since one slip of a key leaves one of them as it
// is. Where there are but two words, a letter that got into the other one leaves
// none, and the first is also known by how it looks then.
func (p *program) addJoined(t *Taxonomy) {
	p.joined = t.joinedNames()
	heads := map[string]int32{}
	by := map[int32][]joinedAt{}
	add := func(id int32, o joinedAt) {
		p.flags[id] |= wordJoined
		if !slices.Contains(by[id], o) {
			by[id] = append(by[id], o)
		}
	}
	for i := range p.joined {
		n := &p.joined[i]
		for _, w := range n.words {
			n.ids = append(n.ids, p.word(w))
		}
		last := len(n.words) - 1
		at := func(word, beside int) joinedAt {
			w := n.words[beside]
			return joinedAt{int32(i), int32(word), n.ids[beside], int32(len(w)), int32(slips(w))}
		}
		add(n.ids[0], at(0, 1))
		add(n.ids[last], at(last, last-1))
		if last > 1 {
			continue
		}
		for _, head := range [...]string{n.words[0][:len(n.words[0])-1], n.words[0] + n.words[1][:1]} {
			id, ok := p.words[head]
			if !ok {
				id, ok = heads[head]
			}
			if !ok && isLetters(head) && head != "" {
				id, ok = int32(len(p.flags)), true
				heads[head] = id
				p.flags = append(p.flags, wordHead)
				whole, _ := hashWord([]byte(head))
				p.index.put(whole, id)
			}
			if ok {
				add(id, at(0, 1))
			}
		}
	}
	p.joinedBy = make([][]joinedAt, len(p.flags))
	for id, all := range by {
		p.joinedBy[id] = all
	}
}

// reading is a joined name that some atoms may be meant for.
type reading struct {
	name  *joinedName
	first int   // atom
	odd   int   // the first word that is not as it should be
	upTo  int   // behind the last of these
	edits uint8 // 0 if it is none
}

// identifyJoined takes words around the anchors for the joined name that they
// are a misspelling of.
func (s *scratch) identifyJoined(c *Classifier, text string) {
	for _, at := range s.anchors {
		var best reading
		either := false
		all := c.program.joinedBy[at.word]
		for k := range all {
			o := &all[k]
			if !s.mayStandAt(at.atom, o) {
				continue
			}
			r := s.readJoined(c, text, int(at.atom-o.at), &c.program.joined[o.name])
			switch {
			case r.edits == 0:
			case best.edits == 0 || r.before(&best):
				best, either = r, false
			case !best.before(&r) && best.name != r.name:
				either = true
			}
		}
		if best.edits == 0 || either {
			continue
		}
		for k, id := range best.name.ids {
			a := &s.atoms[best.first+k]
			a.id, a.edits = id, 0
			if k >= best.odd && k < best.upTo {
				a.edits = best.edits
			}
			a.flags |= atomOfName
		}
	}
}

// mayStandAt says quickly, of most names, that they do not stand at an atom: the
// word beside it is another of the taxonomy, or too long or too short.
func (s *scratch) mayStandAt(atom int32, o *joinedAt) bool {
	i, gap := atom-1, s.atoms[atom].gap
	if o.at == 0 {
		if i = atom + 1; int(i) >= len(s.atoms) {
			return false
		}
		gap = s.atoms[i].gap
	}
	if gap != gapGlue && gap != gapSpace {
		return false
	}
	a := &s.atoms[i]
	if a.id != noWord && a.edits == 0 {
		return a.id == o.beside
	}
	size := a.end - a.start - o.size
	return size <= o.slack && size >= -o.slack
}

// before says whether a reading is the likelier one: that of more words, and
// then that of fewer edits.
func (r *reading) before(o *reading) bool {
	if len(r.name.ids) != len(o.name.ids) {
		return len(r.name.ids) > len(o.name.ids)
	}
	return r.edits < o.edits
}

// readJoined compares a joined name with the atoms from first on. All must be as
// they should, but for one word that is misspelt, or two next to each other of which a
// letter stands in the wrong one.
func (s *scratch) readJoined(c *Classifier, text string, first int, n *joinedName) reading {
	r := reading{name: n, first: first, odd: -1}
	if first < 0 || first+len(n.ids) > len(s.atoms) {
		return reading{}
	}
	glued := true
	for k, id := range n.ids {
		a := &s.atoms[first+k]
		if a.flags&(atomURL|atomAddress) != 0 || k > 0 && a.gap != gapGlue && a.gap != gapSpace {
			return reading{}
		}
		glued = glued && (k == 0 || a.gap == gapGlue)
		switch {
		case a.id == id && a.edits == 0:
			continue
		case r.odd < 0:
			r.odd = k
		case k != r.odd+1:
			return reading{}
		}
		r.upTo = k + 1
	}
	switch {
	case r.odd < 0:
		return reading{}
	case r.upTo == r.odd+1:
		r.edits = s.misspeltWord(c, text, &r, glued)
	case s.movedLetter(text, &r):
		r.edits = 1
	}
	return r
}

// slips is how many edits a word of a joined name may be away from what it should be.
func slips(word string) int { return max(1, MaxEdits(word)) }

// misspeltWord gives how many edits the odd word of a reading is away from what it
// should be, or 0 if it is none.
func (s *scratch) misspeltWord(c *Classifier, text string, r *reading, glued bool) uint8 {
	a, want := &s.atoms[r.first+r.odd], r.name.words[r.odd]
	limit := slips(want)
	size := int(a.end - a.start)
	switch {
	case a.id != noWord && a.edits == 0: // another word of the taxonomy
		return 0
	case size > len(want)+limit || size < len(want)-limit || size > maxSpellWord:
		return 0
	case !glued && !r.name.spaced && len(want) < minSpellName && (r.odd > 0 || len(want) < minSpellWord):
		return 0 // too many words stand beside another one
	}
	s.buf = appendLower(s.buf[:0], text[a.start:a.end])
	if !isSlip(s.buf, want, limit, r.odd == 0) {
		return 0
	}
	d := osa.Distance(string(s.buf), want, limit)
	if d > limit || !isLetters(want) || !isLetters(string(s.buf)) || c.speller.isOrdinaryBeside(string(s.buf)) {
		return 0
	}
	return uint8(d)
}

// isSlip says quickly, of most words, that they are no misspelling of another:
// one edit leaves the first or the last letter as it is, and people get the first
// letter of a name right, or swap it. A plural is no misspelling.
func isSlip(word []byte, want string, limit int, begins bool) bool {
	n, m := len(word), len(want)
	if n == m+1 && word[m] == 's' && string(word[:m]) == want {
		return false
	}
	if word[0] == want[0] {
		return true
	}
	if begins {
		return n > 1 && m > 1 && word[0] == want[1] && word[1] == want[0]
	}
	return limit > 1 || word[n-1] == want[m-1] || m == 2
}

// movedLetter says whether the two odd words of a reading are what they should be
// once a letter is moved from the end of one to the beginning of the next, or back.
func (s *scratch) movedLetter(text string, r *reading) bool {
	a, b := &s.atoms[r.first+r.odd], &s.atoms[r.first+r.odd+1]
	want, next := r.name.words[r.odd], r.name.words[r.odd+1]
	if size := int(a.end - a.start); size != len(want)-1 && size != len(want)+1 || size+int(b.end-b.start) != len(want)+len(next) {
		return false
	}
	s.buf = appendLower(appendLower(s.buf[:0], text[a.start:a.end]), text[b.start:b.end])
	return string(s.buf[:len(want)]) == want && string(s.buf[len(want):]) == next
}

// isOrdinaryBeside is isOrdinary for a word beside others of a name, where short
// words are looked at, too.
func (s *speller) isOrdinaryBeside(word string) bool { return s.beside[word] || s.isOrdinary(word) }

var (
	// nearShort are ordinary words that look like a short word of a name of the
	// default taxonomy; internal/nearwords writes them.
	//go:embed nearshort.txt
	nearShort string
	// abbreviations are those of the trade that no dictionary has.
	abbreviations = "aci acl aio ami amd api app arm aws bgp bmc bsd cd ceph cgi ci cidr cif cli cmd cms cna cncf cni cpp cpu crd cri crud csi csp css csv ctl " +
		"cve dcn ddl dev dhcp dib dl dns doc docs dpdk dsl dvr ec2 ecs efi elb env eol esx etl eof faq fc fip fs ftp gcp gb gcc gdb gid git gke gnu gpg gpu " +
		"gre grpc gui ha hdd hpc hsm html http https ib iam ide ids ie igmp ilo img infra init int io iot ip ipa ipc ips ipv irc iscsi iso jar js json kb " +
		"kvm l2 l3 lan lb ldap lib libs lldp lts lun lvm lxc lxd mac mb md mds mgmt ml mq msg mtu nat nbd ndb netns nfs nfv ng nic nodejs npm ntp numa " +
		"nvme obj odl oem ofed oidc ok omg ops org orm osd osp ovf ovh ovn ovs pci pdf pem perf php pid pkg pki png pod pods pr proc ptg ptl pvc pxe py " +
		"qa qcow qos rados raid ram rbac rbd rc rdma rdo repo rest rfc rfe rhel rhos rpc rpm rsa rst rtt saas sas san sata sdk sdn sed sfc sha sig sla sles " +
		"smb smtp snmp soap spec sql src sriov ssd ssh ssl sso ssp stp suse svc svn sys tap tc tcp temp tls tmp tox tpm ttl tty tun ui uid ux uml uri url " +
		"usb utf util uuid var vcpu vdi vip vlan vm vms vmw vnc vnf vni vpc vpn vrf vrrp vsm vswitch vtep vxlan wan web wifi wip wsgi www xen xfs xml yaml yml zfs"
)
