package snapshot

// Reports returns the number of reports that the library keeps.
func (l *Library) Reports() int {
	l.reports.mu.Lock()
	defer l.reports.mu.Unlock()
	return len(l.reports.entries)
}
