package product

// withFamilies adds a row for each family that has editions and no row without one: a licence may name
// only the family. Such a row is undecidable, and its candidates are the editions.
func withFamilies(rows []Row) []Row {
	type key struct{ publisher, family string }
	editions, whole := map[key][]int{}, map[key]bool{}
	var families []key
	for i := range rows {
		k := key{rows[i].Publisher, rows[i].Family}
		switch {
		case rows[i].Edition == "":
			whole[k] = true
		case rows[i].Kind == KindProduct:
			if len(editions[k]) == 0 {
				families = append(families, k)
			}
			editions[k] = append(editions[k], i)
		}
	}
	all := rows[:len(rows):len(rows)] // the caller's rows stay
	for _, k := range families {
		if !whole[k] && len(editions[k]) > 1 {
			all = append(all, anyEdition(rows, editions[k]))
		}
	}
	return all
}

// anyEdition returns the row of a family with the given editions. Its versions are those of the first
// edition that has some.
func anyEdition(rows []Row, editions []int) Row {
	first := rows[editions[0]]
	row := Row{ID: first.ID + "-family", Publisher: first.Publisher, Family: first.Family, Kind: KindUndecidable, Metric: first.Metric, Scheme: SchemeNone}
	for _, i := range editions {
		row.Candidates = append(row.Candidates, rows[i].ID)
		if row.Scheme == SchemeNone {
			row.Scheme, row.Known, row.Builds = rows[i].Scheme, rows[i].Known, rows[i].Builds
		}
	}
	return row
}
