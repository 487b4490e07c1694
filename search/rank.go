package search

import "math"

// Document is what a message is ranked by.
type Document struct {
	Subject, Author, Text string
	// Opens says that it begins its thread.
	Opens bool
}

// What a word counts in the subject and in the author's name, where any number of
// times in the text counts less than textCounts; and how much more a message is
// worth that opens its thread.
const (
	textCounts    = 2.2
	subjectCounts = 3.0
	authorCounts  = 2.0
	opensCounts   = 1.15
)

// lengthCounts is how much the length of a text matters: b of BM25 (Robertson and
// Zaragoza, "The Probabilistic Relevance Framework", 2009); its k1 is
// textCounts-1.
const lengthCounts = 0.75

// Rank gives each document a number, the higher the more it is about what was
// looked for: BM25 of the text, with the subject and the author on top. How rare
// a word is, is counted among the documents.
func (m *Matcher) Rank(docs []Document) []float64 {
	values := make([]float64, len(docs)*len(m.terms))
	holds := make([]int, len(m.terms))
	total := 0
	for i := range docs {
		total += len(docs[i].Text)
	}
	average := max(1, float64(total)/float64(max(1, len(docs))))
	for i := range docs {
		row := values[i*len(m.terms) : (i+1)*len(m.terms)]
		m.value(&docs[i], average, row)
		for t, v := range row {
			if v > 0 {
				holds[t]++
			}
		}
	}
	scores := make([]float64, len(docs))
	for i := range docs {
		for t, v := range values[i*len(m.terms) : (i+1)*len(m.terms)] {
			scores[i] += v * math.Log(1.5+float64(len(docs)-holds[t])/(float64(holds[t])+0.5))
		}
		if docs[i].Opens {
			scores[i] *= opensCounts
		}
	}
	return scores
}

// value says what each term is worth in a document.
func (m *Matcher) value(d *Document, average float64, row []float64) {
	for _, h := range m.hits(d.Text, "text") {
		row[h.term]++
	}
	long := 1 - lengthCounts + lengthCounts*float64(len(d.Text))/average
	for t, n := range row {
		row[t] = textCounts * n / (n + (textCounts-1)*long)
	}
	for _, part := range []struct {
		text   string
		field  Field
		counts float64
	}{{d.Subject, FieldSubject, subjectCounts}, {d.Author, FieldFrom, authorCounts}} {
		seen := uint64(0)
		for _, h := range m.hits(part.text, part.field) {
			if seen&(1<<h.term) == 0 {
				seen |= 1 << h.term
				row[h.term] += part.counts
			}
		}
	}
}
