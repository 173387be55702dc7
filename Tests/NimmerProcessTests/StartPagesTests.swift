import Testing

@testable import NimmerProcess

@Suite("Pages of the start")
struct StartPagesTests {
    @Test("only program text of files is given back")
    func text() {
        let maps = """
            55e0306cb000-55e0316cb000 r-xp 00000000 08:01 123    /usr/bin/math cell
            55e0316cb000-55e0316cc000 rw-p 00000000 08:01 123    /usr/bin/math cell
            7f0000000000-7f0000001000 rwxp 00000000 08:01 124    /usr/lib/odd.so
            7f0000001000-7f0000002000 r-xp 00000000 00:00 0      [vdso]
            7f0000002000-7f0000003000 r-xp 00000000 00:00 0
            7f0000003000-7f0000004000 r--p 00000000 08:01 125    /usr/lib/libc.so.6
            nonsense
            """
        #expect(StartPages.text(in: maps) == [.init(start: 0x55e0_306c_b000, end: 0x55e0_316c_b000)])
    }

    @Test("the process goes on after it gave them back")
    func release() {
        StartPages.release()
        #expect(StartPages.text(in: "").isEmpty)
    }
}
