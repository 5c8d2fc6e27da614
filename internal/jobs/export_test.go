package jobs

// InParts makes a service store results, and its position, after every n users.
func (s *Service) InParts(n int) { s.part = n }

// InputKey returns the key of the input of a job.
func InputKey(id string) string { return inputKey(id) }
