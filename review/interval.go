package review

import "math"

// Share is how many of some were right.
type Share struct{ Right, Of int }

// Add counts one more.
func (s *Share) Add(right bool) {
	s.Of++
	if right {
		s.Right++
	}
}

// Wrong is how many were not.
func (s Share) Wrong() int { return s.Of - s.Right }

// Point is the part that was right, 0 of none.
func (s Share) Point() float64 {
	if s.Of == 0 {
		return 0
	}
	return float64(s.Right) / float64(s.Of)
}

// z is the quantile of the normal distribution for intervals of 95 %.
const z = 1.959963984540054

// Interval is where the true part lies with a confidence of 95 %, by Wilson's
// score interval (E. B. Wilson, Probable Inference, the Law of Succession, and
// Statistical Inference, Journal of the American Statistical Association 22,
// 1927). Of none it is from 0 to 1.
func (s Share) Interval() (low, high float64) {
	if s.Of == 0 {
		return 0, 1
	}
	n, p := float64(s.Of), s.Point()
	middle := p + z*z/(2*n)
	half := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max(0, (middle-half)/(1+z*z/n)), min(1, (middle+half)/(1+z*z/n))
}
