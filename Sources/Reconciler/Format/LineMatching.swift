/// Which lines of two texts belong together. Lines that stand once in both are matched first, in their longest common order, then
/// what is between them: "patience", whose differences read as people see them. https://bramcohen.livejournal.com/73318.html
struct LineMatching {
    private let left: [Int32]
    private let right: [Int32]
    /// For each line on the left the one on the right.
    private(set) var matches: [Int32?]

    /// Up to here what is between is compared line by line with line, in products of lines; beyond, it counts as replaced.
    private static let closeLimit = 40_000
    private static let depthLimit = 24

    /// - Parameters: the lines of both texts, as numbers that are the same for the same line.
    /// - Complexity: O(n log n) for each level of what is between, and there are few.
    init(_ left: [Int32], _ right: [Int32]) {
        self.left = left
        self.right = right
        matches = Array(repeating: nil, count: left.count)
        match(left.indices, right.indices, depth: 0)
    }

    private mutating func match(_ lefts: Range<Int>, _ rights: Range<Int>, depth: Int) {
        var (lefts, rights) = (lefts, rights)
        while let one = lefts.first, let other = rights.first, left[one] == right[other] {
            matches[one] = Int32(other)
            lefts.removeFirst()
            rights.removeFirst()
        }
        while let one = lefts.last, let other = rights.last, left[one] == right[other] {
            matches[one] = Int32(other)
            lefts.removeLast()
            rights.removeLast()
        }
        guard !lefts.isEmpty, !rights.isEmpty else { return }
        let anchors = depth < Self.depthLimit ? longestRise(uniques(lefts, rights)) : []
        if anchors.isEmpty { return matchClosely(lefts, rights) }
        var start = (left: lefts.lowerBound, right: rights.lowerBound)
        for (one, other) in anchors {
            matches[one] = Int32(other)
            match(start.left..<one, start.right..<other, depth: depth + 1)
            start = (one + 1, other + 1)
        }
        match(start.left..<lefts.upperBound, start.right..<rights.upperBound, depth: depth + 1)
    }

    /// Lines that stand exactly once on both sides, in the order of the left.
    private func uniques(_ lefts: Range<Int>, _ rights: Range<Int>) -> [(Int, Int)] {
        var places: [Int32: (count: Int, right: Int)] = [:]
        for place in rights { places[right[place], default: (0, 0)] = ((places[right[place]]?.count ?? 0) + 1, place) }
        var counts: [Int32: Int] = [:]
        for place in lefts { counts[left[place], default: 0] += 1 }
        return lefts.compactMap { place in
            guard counts[left[place]] == 1, let other = places[left[place]], other.count == 1 else { return nil }
            return (place, other.right)
        }
    }

    /// The longest part of the pairs in which both sides rise. https://en.wikipedia.org/wiki/Patience_sorting
    private func longestRise(_ pairs: [(Int, Int)]) -> [(Int, Int)] {
        var tops: [Int] = []
        var before: [Int?] = Array(repeating: nil, count: pairs.count)
        for (index, pair) in pairs.enumerated() {
            var (low, high) = (0, tops.count)
            while low < high {
                let middle = (low + high) / 2
                if pairs[tops[middle]].1 < pair.1 { low = middle + 1 } else { high = middle }
            }
            before[index] = low > 0 ? tops[low - 1] : nil
            if low < tops.count { tops[low] = index } else { tops.append(index) }
        }
        var rise: [(Int, Int)] = []
        var next = tops.last
        while let index = next {
            rise.append(pairs[index])
            next = before[index]
        }
        return rise.reversed()
    }

    /// The longest common lines of two short stretches.
    private mutating func matchClosely(_ lefts: Range<Int>, _ rights: Range<Int>) {
        guard lefts.count * rights.count <= Self.closeLimit else { return }
        let width = rights.count + 1
        var lengths = [Int32](repeating: 0, count: (lefts.count + 1) * width)
        for one in stride(from: lefts.count - 1, through: 0, by: -1) {
            for other in stride(from: rights.count - 1, through: 0, by: -1) {
                lengths[one * width + other] =
                    left[lefts.lowerBound + one] == right[rights.lowerBound + other]
                    ? lengths[(one + 1) * width + other + 1] + 1
                    : max(lengths[(one + 1) * width + other], lengths[one * width + other + 1])
            }
        }
        var (one, other) = (0, 0)
        while one < lefts.count, other < rights.count {
            if left[lefts.lowerBound + one] == right[rights.lowerBound + other] {
                matches[lefts.lowerBound + one] = Int32(rights.lowerBound + other)
                (one, other) = (one + 1, other + 1)
            } else if lengths[(one + 1) * width + other] >= lengths[one * width + other + 1] {
                one += 1
            } else {
                other += 1
            }
        }
    }
}
