import Testing

@testable import NimmerWave

@Suite("An address that may be shown")
struct ShownAddressTests {
    @Test(
        "leaves out user, password, token and query, of each of a list",
        arguments: [
            ("nats://h:4222", "nats://h:4222"), ("h:4222", "h:4222"),
            ("nats://a:1,tls://b:2,c", "nats://a:1,tls://b:2,c"),
            ("nats://u:SECRET@h:4222", "nats://h:4222"), ("nats://u:SECRET@a:1,tls://b:2,c", "nats://a:1,tls://b:2,c"),
            ("nats://SECRET@h", "nats://h"), ("u:SECRET@h:1", "h:1"),
            ("nats://u:SECRET@a:1,tls://SECRET@b:2,c", "nats://a:1,tls://b:2,c"),
            ("tls://u:SECRET@[::1]:4222", "tls://[::1]:4222"), ("nats://[::1]", "nats://[::1]"),
            ("postgresql://u:SECRET@h:5432/db?sslmode=require", "postgresql://h:5432/db?…"),
            ("https://h/v1?api_key=SECRET", "https://h/v1?…"), ("https://h/v1#SECRET", "https://h/v1#…"),
            // Where it is not clear what is secret, more goes.
            ("nats://u:SE@CRET@h", "nats://h"), ("nats://u:SE/CRET@h", "nats://h"),
            ("nats://u:SECRET,SECRET@h:1", "nats://h:1"),
            ("nats://u:SE?CRET@h", "nats://…"), ("https://h/?key=SE@CRET", "https://…"),
            ("nats://u:SECRET", "nats://u:…"),
            ("", ""),
        ])
    func shown(text: String, expected: String) {
        #expect(ShownAddress(text).description == expected)
        #expect(!ShownAddress(text).description.contains("CRET"))
        #expect(ShownAddress(text).hidesSomething == (text != expected))
    }

    @Test(
        "within a message too",
        arguments: [
            ("no server at nats://u:SECRET@h:1 (from --server)", "no server at nats://h:1 (from --server)"),
            ("found 'nats://u:SECRET@h:1'; expected", "found 'nats://h:1'; expected"),
            ("(tls://SECRET@h).", "(tls://h)."), ("url=nats://u:SEC'RET@h", "url=nats://h"),
            ("host=h password=SECRET user=u", "host=h password=… user=u"),
            ("see https://h/page for more", "see https://h/page for more"), ("a@b, and a:b", "a@b, and a:b"),
            ("two nats://u:SECRET@a nats://v:SECRET@b", "two nats://a nats://b"), ("://", "://"), ("a\n b", "a\n b"),
        ])
    func within(text: String, expected: String) {
        #expect(ShownAddress.redacting(text) == expected)
    }

    @Test func aJSONTextStaysOneAndKeepsWhatIsNoSecret() throws {
        let json = #"{"url":"nats://me:hush@h:4222","b":[1,"a \"http://x?hush\" b","c\\"],"nats://me:hush@k":null}"#
        let shown = ShownAddress.redacting(json: json)
        #expect(!shown.contains("hush"))
        let value = try JSON(parsing: shown)
        #expect(value["url"]?.string == "nats://h:4222")
        #expect(shown.contains(#""c\\""#) && shown.contains(#""nats://k":null"#))
        for plain in [#"{"a":"b:c","d":12.50, "e" : "f"}"#, "", "\"", #"{"a":"http://h/p"}"#, #"["\"#] {
            #expect(ShownAddress.redacting(json: plain) == plain)
        }
    }
}
