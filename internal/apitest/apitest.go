// Package apitest holds answers of the JSON API against the OpenAPI document that
// describes them. Only tests import it.
package apitest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Document is an OpenAPI 3.1 document. The schemas in it are JSON Schema 2020-12.
type Document struct {
	root     map[string]any
	compiler *jsonschema.Compiler

	mu   sync.Mutex
	seen map[string]bool // "GET /path 200"
}

// Operation is a method at a path.
type Operation struct {
	Method, Path string
	Params       []string // of the query
	Statuses     []int
}

const address = "https://sigpost.invalid/openapi.json"

// Read reads a document. Where a schema says "x-complete": true, an answer that has
// more than the schema is wrong.
func Read(t testing.TB, file string) *Document {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	data = bytes.ReplaceAll(data, []byte(`"x-complete": true`), []byte(`"unevaluatedProperties": false`))
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	d := &Document{root: parsed.(map[string]any), compiler: jsonschema.NewCompiler(), seen: map[string]bool{}}
	d.compiler.AssertFormat()
	if err := d.compiler.AddResource(address, parsed); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return d
}

// at is what is at a JSON pointer (RFC 6901), with references followed, and where
// that is.
func (d *Document) at(pointer string) (map[string]any, string) {
	var here any = d.root
	for _, step := range strings.Split(pointer, "/")[1:] {
		step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		m, ok := here.(map[string]any)
		if !ok {
			return nil, ""
		}
		here = m[step]
	}
	m, _ := here.(map[string]any)
	if ref, ok := m["$ref"].(string); ok {
		return d.at(strings.TrimPrefix(ref, "#"))
	}
	return m, pointer
}

func escaped(path string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(path)
}

// Operations are all of them, in the order of paths and methods.
func (d *Document) Operations() (all []Operation) {
	paths, _ := d.at("/paths")
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		item, _ := d.at("/paths/" + escaped(path))
		for _, method := range slices.Sorted(maps.Keys(item)) {
			all = append(all, d.operation(path, method))
		}
	}
	return all
}

func (d *Document) operation(path, method string) Operation {
	o := Operation{Method: strings.ToUpper(method), Path: path}
	at := "/paths/" + escaped(path) + "/" + method
	operation, _ := d.at(at)
	params, _ := operation["parameters"].([]any)
	for _, p := range params {
		param, _ := p.(map[string]any)
		if ref, ok := param["$ref"].(string); ok {
			param, _ = d.at(strings.TrimPrefix(ref, "#"))
		}
		if param["in"] == "query" {
			o.Params = append(o.Params, param["name"].(string))
		}
	}
	responses, _ := d.at(at + "/responses")
	for status := range responses {
		n, _ := strconv.Atoi(status)
		o.Statuses = append(o.Statuses, n)
	}
	slices.Sort(o.Statuses)
	return o
}

// of finds the operation that a request was for. Paths without parts that vary go
// before those with them.
func (d *Document) of(method, path string) (Operation, error) {
	var found *Operation
	for _, o := range d.Operations() {
		if o.Method == method && matches(o.Path, path) && (found == nil || strings.Count(o.Path, "{") < strings.Count(found.Path, "{")) {
			found = &o
		}
	}
	if found == nil {
		return Operation{}, fmt.Errorf("the document does not know %s %s", method, path)
	}
	return *found, nil
}

// Knows says whether the document has an operation. path is escaped.
func (d *Document) Knows(method, path string) bool {
	_, err := d.of(method, path)
	return err == nil
}

func matches(pattern, path string) bool {
	steps, parts := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(steps) != len(parts) {
		return false
	}
	for i, step := range steps {
		if step != parts[i] && !strings.HasPrefix(step, "{") {
			return false
		}
	}
	return true
}

// Check holds the answer to a request against the document: its status, its media
// type, and its body. path is escaped, and without the query. HEAD counts as GET
// without a body.
func (d *Document) Check(method, path string, status int, header http.Header, body []byte) error {
	head := method == http.MethodHead
	if head {
		method = http.MethodGet
	}
	o, err := d.of(method, path)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("%s %s %d", o.Method, o.Path, status)
	at := "/paths/" + escaped(o.Path) + "/" + strings.ToLower(o.Method) + "/responses/" + strconv.Itoa(status)
	response, at := d.at(at)
	if response == nil {
		return fmt.Errorf("the document does not know the answer %s: %s", what, body)
	}
	d.mu.Lock()
	d.seen[what] = true
	d.mu.Unlock()
	if err := d.checkHeaders(what, at, header); err != nil {
		return err
	}
	content, _ := response["content"].(map[string]any)
	switch media := header.Get("Content-Type"); {
	case head:
		return nil
	case content == nil && status != http.StatusMovedPermanently && len(body) > 0:
		return fmt.Errorf("%s has a body: %s", what, body)
	case content == nil:
		return nil
	case content[media] == nil:
		return fmt.Errorf("%s is of the media type %q", what, media)
	default:
		at += "/content/" + escaped(media) + "/schema"
	}
	schema, err := d.compiler.Compile(address + "#" + at)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s: %w in %s", what, err, body)
	}
	if err := schema.Validate(value); err != nil {
		return fmt.Errorf("%s: %w in %s", what, err, indented(value))
	}
	return nil
}

// checkHeaders holds the header of an answer against the document: what it names is
// there, unless it need not be ("required": false), and of what the document knows
// nothing is there that it does not name for this answer.
func (d *Document) checkHeaders(what, at string, header http.Header) error {
	known, _ := d.at("/components/headers")
	for name := range known {
		named, _ := d.at(at + "/headers/" + name)
		switch got := header.Get(name) != ""; {
		case got && named == nil:
			return fmt.Errorf("%s has %s, which the document does not say", what, name)
		case !got && named != nil && named["required"] != false:
			return fmt.Errorf("%s is without %s", what, name)
		}
	}
	return nil
}

func indented(value any) []byte {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return []byte(err.Error())
	}
	return text
}

// Unseen are the answers of operations that no Check has had, but for those with
// some statuses.
func (d *Document) Unseen(but ...int) (all []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, o := range d.Operations() {
		for _, status := range o.Statuses {
			if what := fmt.Sprintf("%s %s %d", o.Method, o.Path, status); !slices.Contains(but, status) && !d.seen[what] {
				all = append(all, what)
			}
		}
	}
	return all
}
