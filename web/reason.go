package web

import "strings"

// ruleWords say what a kind of rule found, in readers' words. The API has the
// classifier's own.
var ruleWords = map[string]string{
	"alias": "the name", "former": "the former name", "acronym": "the acronym", "fuzzy": "close to the name", "repository": "the repository",
	"channel": "the channel", "phrase": "the words", "together": "these words together:", "client": "the command", "url": "an address like",
	"list": "the list", "term": "the word", "against": "what speaks against it:", "learned": "the learned word", "word": "the word",
}

// fieldWords say where it was found.
var fieldWords = map[string]string{
	"subject-tag": "in a tag of the subject", "subject": "in the subject", "path": "in the path of a file", "text": "in the text",
	"quoted": "in what is quoted", "list": "in the list’s name",
}

// ruleInWords is a rule of evidence for readers.
func ruleInWords(rule string) string {
	kind, what, _ := strings.Cut(rule, " ")
	if words := ruleWords[kind]; words != "" && what != "" {
		return words + " " + what
	}
	return rule
}

// fieldInWords is a field of evidence for readers; "" stays that.
func fieldInWords(field string) string {
	if words := fieldWords[field]; words != "" || field == "" {
		return words
	}
	return "in the " + field
}
