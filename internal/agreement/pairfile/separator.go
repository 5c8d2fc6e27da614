package pairfile

import (
	"trueup/internal/agreement"
	"trueup/internal/sheet"
)

// evidence says how a file of pairs shows its separator.
var evidence = sheet.Evidence{Separators: sheet.Separators, Records: 10, Points: separatorPoints}

// separatorPoints is high for a header and for numbers in the first two cells. The right number of
// columns counts little, because a comma in "01-07001;01-07001;Office, Dutch" also makes two
// columns.
func separatorPoints(cells []string, first bool) int {
	points := 0
	if first {
		if _, ok := headerLayout(cells); ok {
			points += 100
		}
	}
	filled := len(withoutEmptyEnd(cells))
	if filled < 2 {
		return points
	}
	if filled <= 4 {
		points++
	}
	if agreement.LooksLikeNumber(cells[0]) && agreement.LooksLikeNumber(cells[1]) {
		points += 4
	}
	return points
}
