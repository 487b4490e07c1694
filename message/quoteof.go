package message

import "sigpost"

// nameQuoted says of quotes that do not name their message which one they are
// from: that which the mail answers, as long as it quotes one person only. Who
// quotes several has the others from other messages.
func nameQuoted(m *sigpost.Message) {
	parent := m.Parent()
	var whom sigpost.Address
	for _, r := range m.Ranges {
		if r.Kind != sigpost.RangeQuoted || r.Whom == (sigpost.Address{}) {
			continue
		}
		if r.Of != "" || whom != (sigpost.Address{}) && r.Whom != whom {
			return
		}
		whom = r.Whom
	}
	for i := range m.Ranges {
		if m.Ranges[i].Kind == sigpost.RangeQuoted && m.Answering {
			m.Ranges[i].Of = parent
		}
	}
}
