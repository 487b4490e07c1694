package digest

import (
	"cmp"
	"slices"

	"sigpost"
)

// arrange puts sections into the order that the editor gave them, and adds what
// they wrote. Pinned threads come first in their section, whatever its order.
func arrange(issue sigpost.Issue, sections []Section) []Section {
	touched := func(e sigpost.Entry) bool { return e.Pinned || e.Section != "" }
	if len(issue.Arranged)+len(issue.SectionOrder) == 0 && !slices.ContainsFunc(issue.Entries, touched) {
		return sections
	}
	var all []Section
	at := func(title string) *Section {
		i := slices.IndexFunc(all, func(s Section) bool { return s.Title == title })
		if i < 0 {
			i = len(all)
			all = append(all, Section{Title: title})
		}
		return &all[i]
	}
	within := map[string][]sigpost.Entry{}
	var moved []sigpost.Entry
	for _, s := range sections {
		at(s.Title).Tag = s.Tag
		for _, g := range s.Groups {
			for _, e := range g.Entries {
				if e.Section == "" {
					within[s.Title] = append(within[s.Title], e)
				} else {
					moved = append(moved, e)
				}
			}
		}
	}
	for _, e := range moved {
		title := at(e.Section).Title
		within[title] = append(within[title], e)
	}
	for _, a := range issue.Arranged {
		if a.Text != "" {
			at(a.Title).Text = a.Text
		}
		slices.SortStableFunc(within[a.Title], func(x, y sigpost.Entry) int {
			return place(a.Order, x.ThreadID) - place(a.Order, y.ThreadID)
		})
	}
	all = slices.DeleteFunc(all, func(s Section) bool { return s.Text == "" && len(within[s.Title]) == 0 })
	for i, s := range all {
		slices.SortStableFunc(within[s.Title], pinnedFirst)
		all[i].Groups = runs(issue, within[s.Title])
	}
	slices.SortStableFunc(all, func(a, b Section) int {
		return cmp.Compare(place(issue.SectionOrder, a.Title), place(issue.SectionOrder, b.Title))
	})
	return all
}

// place is where something stands in an order; what does not stand there is
// behind it.
func place[T comparable](order []T, v T) int {
	if i := slices.Index(order, v); i >= 0 {
		return i
	}
	return len(order)
}

// runs makes a group of each run of entries of one project.
func runs(issue sigpost.Issue, entries []sigpost.Entry) []Group {
	var all []Group
	for _, e := range entries {
		tag := best(e, sigpost.KindProject)
		if len(all) == 0 || all[len(all)-1].Tag != tag {
			all = append(all, Group{Tag: tag, Title: tagTitle(issue, tag)})
		}
		last := &all[len(all)-1]
		last.Entries = append(last.Entries, e)
	}
	return all
}
