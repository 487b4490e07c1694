package sigpost

import "testing"

func TestCutReplyMark(t *testing.T) {
	for _, c := range []struct {
		name, in, rest string
		reply, forward bool
	}{
		{"English", "Re: Bays", "Bays", true, false},
		{"in capitals", "RE: RE: Bays", "RE: Bays", true, false},
		{"in lower case", "re:Bays", "Bays", true, false},
		{"white space around", "  Re :  Bays ", "Bays", true, false},
		{"forwarded", "Fwd: Bays", "Bays", false, true},
		{"German", "Aw: Bays", "Bays", true, false},
		{"German, forwarded", "WG: Bays", "Bays", false, true},
		{"Dutch", "Antw: Bays", "Bays", true, false},
		{"Swedish", "SV: Bays", "Bays", true, false},
		{"Finnish or Danish", "VS: Bays", "Bays", true, true},
		{"French", "TR: Bays", "Bays", false, true},
		{"French, with a space", "RÉ : Bays", "Bays", true, false},
		{"Spanish", "RV: Bays", "Bays", false, true},
		{"Portuguese", "RES: ENC: Bays", "ENC: Bays", true, false},
		{"Italian", "R: Bays", "Bays", true, false},
		{"Italian, forwarded", "I: Bays", "Bays", false, true},
		{"Polish", "Odp: Bays", "Bays", true, false},
		{"Turkish", "YNT: Bays", "Bays", true, false},
		{"Turkish, forwarded", "İLT: Bays", "Bays", false, true},
		{"Welsh", "ATB: Bays", "Bays", true, false},
		{"Hungarian", "VÁ: Bays", "Bays", true, false},
		{"Russian", "НА: Bays", "Bays", true, false},
		{"Russian, in full", "Ответ: Bays", "Bays", true, false},
		{"Greek", "ΑΠ: Bays", "Bays", true, false},
		{"Chinese, full width", "回复：Bays", "Bays", true, false},
		{"Chinese, traditional", "回覆: Bays", "Bays", true, false},
		{"Chinese, forwarded", "转发：Bays", "Bays", false, true},
		{"Japanese", "返信: Bays", "Bays", true, false},
		{"Korean", "답장: Bays", "Bays", true, false},
		{"counted in square brackets", "Re[2]: Bays", "Bays", true, false},
		{"counted in round brackets", "Re(3): Bays", "Bays", true, false},
		{"counted with a caret", "Re^2: Bays", "Bays", true, false},
		{"a list's tag as the count", "Re [sig]: Bays", "Bays", true, false},
		{"only a mark", "Re:", "", true, false},

		{"empty", "", "", false, false},
		{"no mark", "Bays", "Bays", false, false},
		{"no colon", "Re Bays", "Re Bays", false, false},
		{"a part of a program", "fs: unmount", "fs: unmount", false, false},
		{"a word in lower case", "res: too small", "res: too small", false, false},
		{"one letter in lower case", "i: unused", "i: unused", false, false},
		{"one letter without a space", "R:2.4 is out", "R:2.4 is out", false, false},
		{"a longer word", "Rest: Bays", "Rest: Bays", false, false},
		{"a word in round brackets", "Re (was): Bays", "Re (was): Bays", false, false},
		{"an open bracket", "Re[2: Bays", "Re[2: Bays", false, false},
		{"a caret without a number", "Re^: Bays", "Re^: Bays", false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			rest, reply, forward := CutReplyMark(c.in)
			if rest != c.rest || reply != c.reply || forward != c.forward {
				t.Errorf("%q: %q, %v, %v, want %q, %v, %v", c.in, rest, reply, forward, c.rest, c.reply, c.forward)
			}
		})
	}
}
