package classify

import (
	"strconv"
	"strings"
)

// readFormatted reads weights that are written exactly as Format writes them,
// ten times as fast as TOML is read: the built-in ones are read by every run
// that tags anything. It gives false at the first line that it does not know,
// and the file is read as TOML then, with errors for people.
func readFormatted(text string) (*Weights, bool) {
	w := &Weights{Kinds: map[string]map[string]TagWeights{}}
	var set func(key string, value float64) bool
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			if set = w.section(strings.Trim(line, "[]")); set == nil {
				return nil, false
			}
		default:
			key, number, ok := strings.Cut(line, " = ")
			value, err := strconv.ParseFloat(number, 64)
			if !ok || err != nil || set == nil || !set(strings.Trim(key, `"`), value) {
				return nil, false
			}
		}
	}
	return w, true
}

// section gives what takes the lines of a table, or nil for one that is not
// known.
func (w *Weights) section(name string) func(key string, value float64) bool {
	parts := strings.Split(name, ".")
	switch {
	case name == "calibration":
		return func(key string, value float64) bool {
			return assign(key, value, map[string]*float64{"bias": &w.Calibration.Bias, "margin": &w.Calibration.Margin, "lead": &w.Calibration.Lead})
		}
	case len(parts) == 3 && parts[0] == "kind":
		kind, tag := parts[1], parts[2]
		if w.Kinds[kind] == nil {
			w.Kinds[kind] = map[string]TagWeights{}
		}
		w.Kinds[kind][tag] = TagWeights{Terms: map[string]float64{}}
		return func(key string, value float64) bool {
			t := w.Kinds[kind][tag]
			ok := assign(key, value, map[string]*float64{"bias": &t.Bias, "rules": &t.Rules, "others": &t.Others})
			w.Kinds[kind][tag] = t
			return ok
		}
	case len(parts) == 4 && parts[0] == "kind" && parts[3] == "terms" && w.Kinds[parts[1]][parts[2]].Terms != nil:
		terms := w.Kinds[parts[1]][parts[2]].Terms
		return func(key string, value float64) bool {
			_, twice := terms[key]
			terms[key] = value
			return !twice && strings.Count(key, " ") <= 1 && key != "" && value <= maxWeight && value >= -maxWeight
		}
	}
	return nil
}

func assign(key string, value float64, fields map[string]*float64) bool {
	field, ok := fields[key]
	if ok {
		*field = value
	}
	return ok
}
