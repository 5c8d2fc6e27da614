package pairfile

import (
	"trueup/internal/agreement"
	"trueup/internal/sheet"
)

// The part of a file that decides which separator it has.
const (
	sniffedRecords = 10
	sniffedBytes   = 32 << 10
)

// separatorOf returns the separator under which the first records make most sense.
func separatorOf(text string) byte {
	text = text[:min(len(text), sniffedBytes)]
	best, most := sheet.Separators[0], 0
	for i := range len(sheet.Separators) {
		if score := separatorScore(text, sheet.Separators[i]); score > most {
			best, most = sheet.Separators[i], score
		}
	}
	return best
}

// separatorScore is high when there is a header, when the first two cells are
// numbers, and a little when there are as many columns as there should be: a
// comma in "01-07001;01-07001;Office, Dutch" makes two columns as well.
func separatorScore(text string, sep byte) int {
	s := sheet.NewScanner(text, sep, 1)
	score := 0
	for n := 0; n < sniffedRecords && s.Next(); n++ {
		if n == 0 {
			if _, ok := headerLayout(s.Cells); ok {
				score += 100
			}
		}
		if s.Filled < 2 {
			continue
		}
		if s.Filled <= 4 {
			score++
		}
		if agreement.LooksLikeNumber(s.Cells[0].Text) && agreement.LooksLikeNumber(s.Cells[1].Text) {
			score += 4
		}
	}
	return score
}
