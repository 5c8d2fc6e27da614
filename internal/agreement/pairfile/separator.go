package pairfile

import (
	"trueup/internal/agreement"
	"trueup/internal/sheet"
)

// The part of a file from which the separator is guessed.
const (
	sniffedRecords = 10
	sniffedBytes   = 32 << 10
)

// separatorOf returns the separator with the best score for the first records.
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

// separatorScore is high for a header and for numbers in the first two cells. The right number of
// columns counts little, because a comma in "01-07001;01-07001;Office, Dutch" also makes two
// columns.
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
