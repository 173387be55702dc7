import Testing

@testable import NimmerWave

@Suite("Names of artifacts")
struct ArtifactNameTests {
    /// FIPS 180-4, and hashlib's own for lengths around a block.
    @Test(arguments: [
        (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (55, "463eb28e72f82e0a96c0a4cc53690c571281131f672aa229e0d45ae59b598b59"),
        (56, "da2ae4d6b36748f2a318f23e7ab1dfdf45acdc9d049bd80e59de82a60895f562"),
        (63, "29af2686fd53374a36b0846694cc342177e428d1647515f078784d69cdb9e488"),
        (64, "fdeab9acf3710362bd2658cdc9a29e8f9c757fcf9811603a8c447cd1d9151108"),
        (65, "4bfd2c8b6f1eec7a2afeb48b934ee4b2694182027e6d0fc075074f2fabb31781"),
        (128, "471fb943aa23c511f6f72f8d1652d9c880cfa392ad80503120547703e56a2be5"),
    ])
    func hashes(_ count: Int, _ expected: String) throws {
        let bytes = (0..<count).map { UInt8($0) }
        #expect(ArtifactDigest(of: bytes).text == expected)
        for cut in [0, 1, count / 2, count] where cut <= count {
            var hash = SHA256()
            hash.add(Array(bytes[..<cut]))
            hash.add(Array(bytes[cut...]))
            #expect(hash.digest.text == expected)
        }
        #expect(try ArtifactDigest(expected).bytes == ArtifactDigest(of: bytes).bytes)
    }

    @Test(arguments: [
        "", "abc", "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", "../../etc/passwd",
    ])
    func noDigests(_ text: String) {
        #expect(throws: Refusal.self) { try ArtifactDigest(text) }
    }

    @Test func prefixesOfDigests() throws {
        let digest = ArtifactDigest(of: [])
        for text in ["e3b0", "E3B0c4", "sha256:e3b0", digest.text] {
            #expect(DigestPrefix(text)?.begins(digest) == true, "\(text)")
        }
        for text in ["e3b", "e3b1", "e3bx", "e3b0 ", "", "*", digest.text + "0"] {
            #expect(DigestPrefix(text)?.begins(digest) != true, "\(text)")
        }
        #expect(DigestPrefix(digest.text)?.whole == digest && DigestPrefix("e3b0")?.whole == nil)
    }

    @Test(arguments: [
        "", "png", "image/", "/png", "image/png; a=b", "Image/png", "a/b/c", "im age/png", "image/\u{1b}",
    ])
    func noMediaTypes(_ text: String) {
        #expect(throws: Refusal.self) { try MediaType(text) }
    }

    @Test func mediaTypes() throws {
        for text in ["image/svg+xml", "application/vnd.a-b_c", "audio/wav"] {
            #expect(try MediaType(text).text == text)
        }
        #expect(MediaType(beginning: [0xff, 0xd8, 0xff, 0xe0])?.text == "image/jpeg")
        #expect(MediaType(beginning: [0xff]) == nil)
        #expect(MediaType(fileName: "a.b/FRAME.JPEG")?.text == "image/jpeg" && MediaType(fileName: "png") == nil)
        #expect(try MediaType("image/png").isImage && MediaType.binary.fileExtension == "bin")
    }
}
