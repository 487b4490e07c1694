// Package search is the language in which the archive is searched: it reads what
// people type into a tree, says where that is wrong, and finds in a text what a
// query looks for. It knows no archive; package store asks for what a tree says.
//
// A query is words, "phrases in double quotes", and fields such as from:ada. All
// have to hold; OR between two means that one is enough, and binds less than what
// stands side by side; a minus in front, or NOT, means that it must not hold;
// parentheses group. What cannot be understood is taken as words as far as that
// goes.
package search
