import Glibc

/// Eigenvalues and eigenvectors of a symmetric matrix by cyclic Jacobi rotations (Golub and Van Loan, Matrix Computations, 8.5).
struct SymmetricMatrix: Sendable {
    /// Number of rows.
    let size: Int
    /// Elements, row after row; ``diagonalize()`` leaves the eigenvalues on the diagonal.
    var elements: [Double]
    /// Eigenvectors, one a row, in the order of the diagonal.
    private(set) var vectors: [Double]

    /// A matrix of zeros.
    init(size: Int) {
        self.size = size
        elements = [Double](repeating: 0, count: size * size)
        vectors = elements
    }

    /// Turns the matrix until nothing but its diagonal is left.
    mutating func diagonalize() {
        let size = size
        for index in vectors.indices { vectors[index] = index / size == index % size ? 1 : 0 }
        elements.withUnsafeMutableBufferPointer { matrix in
            vectors.withUnsafeMutableBufferPointer { vectors in
                for _ in 0..<40 {
                    var beside = 0.0
                    for row in 0..<size {
                        for column in 0..<row { beside += matrix[row * size + column] * matrix[row * size + column] }
                    }
                    if beside <= 1e-20 * Double(size) { return }
                    for row in 0..<size - 1 {
                        for column in row + 1..<size { Self.rotate(matrix, vectors, size, row, column) }
                    }
                }
            }
        }
    }

    private static func rotate(
        _ matrix: UnsafeMutableBufferPointer<Double>, _ vectors: UnsafeMutableBufferPointer<Double>, _ size: Int,
        _ p: Int, _ q: Int
    ) {
        let beside = matrix[p * size + q]
        guard abs(beside) > 1e-300 else { return }
        let theta = (matrix[q * size + q] - matrix[p * size + p]) / (2 * beside)
        let tangent = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
        let cosine = 1 / (tangent * tangent + 1).squareRoot()
        let sine = tangent * cosine
        for index in 0..<size {
            let (one, other) = (matrix[index * size + p], matrix[index * size + q])
            matrix[index * size + p] = cosine * one - sine * other
            matrix[index * size + q] = sine * one + cosine * other
        }
        for index in 0..<size {
            let (one, other) = (matrix[p * size + index], matrix[q * size + index])
            matrix[p * size + index] = cosine * one - sine * other
            matrix[q * size + index] = sine * one + cosine * other
            let (first, second) = (vectors[p * size + index], vectors[q * size + index])
            vectors[p * size + index] = cosine * first - sine * second
            vectors[q * size + index] = sine * first + cosine * second
        }
    }
}
