package inventory

// recent remembers the last hashes of devices with the name beside them and the user. A file sorted by
// title repeats them in each row; what was learned of them need not be learned again. Two have equal
// hashes of 64 bits in none of a million such files.
//
// Sorting keeps the order that the devices of a title had before. So the next hash mostly follows the last
// one closely in the order in which they were first met, and is found without the wait for memory that a
// look-up in a large table costs.
type recent struct {
	order  []uint64 // hashes in the order in which they were met; the oldest is replaced
	next   uint32   // index in order of the next new hash
	last   uint32   // index in order of the last hash
	places []slots  // by the last bits of a hash
}

// slots has the indexes in order of the last hashes with the same last bits.
type slots [4]uint32

// The sizes of recent are powers of two. They are enough for the devices of a large organisation.
const (
	recentHashes = 1 << 18
	recentPlaces = 1 << 16
	recentAhead  = 8 // how many hashes after the last one are compared: a cache line
)

func newRecent() *recent {
	return &recent{order: make([]uint64, recentHashes), places: make([]slots, recentPlaces)}
}

// met reports whether the hash is known, and remembers it.
func (r *recent) met(hash uint64) bool {
	for i := r.last + 1; i <= r.last+recentAhead; i++ {
		if r.order[i%recentHashes] == hash {
			r.last = i % recentHashes
			return true
		}
	}
	p := &r.places[hash%recentPlaces]
	for _, i := range p {
		if r.order[i] == hash {
			r.last = i
			return true
		}
	}
	copy(p[1:], p[:])
	p[0], r.last, r.order[r.next] = r.next, r.next, hash
	r.next = (r.next + 1) % recentHashes
	return false
}
