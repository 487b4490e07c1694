package classify

// table finds numbers by 64-bit hashes: open addressing, at most half full, so
// that a look-up costs little more than one read of memory. It is filled once.
type table struct {
	slots []slot
	mask  uint64
	size  int
}

type slot struct {
	hash  termHash // 0 where it is free
	value int32
}

// get gives the value of a hash, which must not be 0, and whether it has one.
func (t *table) get(h termHash) (int32, bool) {
	if len(t.slots) == 0 {
		return 0, false
	}
	for i := t.at(h); ; i = (i + 1) & t.mask {
		switch s := &t.slots[i]; s.hash {
		case h:
			return s.value, true
		case 0:
			return 0, false
		}
	}
}

// put sets the value of a hash, which must not be 0.
func (t *table) put(h termHash, value int32) {
	if 2*(t.size+1) > len(t.slots) {
		old := t.slots
		t.slots = make([]slot, max(64, 2*len(old)))
		t.mask = uint64(len(t.slots) - 1)
		t.size = 0
		for _, s := range old {
			if s.hash != 0 {
				t.put(s.hash, s.value)
			}
		}
	}
	i := t.at(h)
	for t.slots[i].hash != 0 && t.slots[i].hash != h {
		i = (i + 1) & t.mask
	}
	if t.slots[i].hash == 0 {
		t.size++
	}
	t.slots[i] = slot{h, value}
}

// at is where the search for a hash begins. FNV's low bits are its best.
func (t *table) at(h termHash) uint64 { return (uint64(h) ^ uint64(h)>>29) & t.mask }
