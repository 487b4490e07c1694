package digest

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// docs/outputs.md lists every field that a template is given.
func TestFieldsAreInTheManual(t *testing.T) {
	manual, err := os.ReadFile("../docs/outputs.md")
	check(t, err)
	for _, v := range []any{page{}, storySection{}, story{}, storyTag{}, alsoLine{}, newcomer{}, openQuestion{}, Upcoming{}, Talk{}, note{}} {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(v)) {
			if f.IsExported() && !strings.Contains(string(manual), "`"+f.Name+"`") {
				t.Errorf("docs/outputs.md does not have %s of %T", f.Name, v)
			}
		}
	}
}
