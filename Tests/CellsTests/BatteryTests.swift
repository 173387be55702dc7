import NimmerWave
import Testing

@testable import BatteryCell

@Suite("battery: the kernel's files")
struct PowerSupplyTests {
    private func supply(_ files: [String: String]) -> PowerSupply? { PowerSupply(name: "BAT0") { files[$0] } }

    @Test("a battery reports its capacity, status and power")
    func capacity() {
        let found = supply([
            "type": "Battery\n", "capacity": "57\n", "status": "Discharging\n", "power_now": "8500000\n",
        ])
        #expect(found == PowerSupply(name: "BAT0", charge: 0.57, flow: .discharging, watts: 8.5))
    }

    @Test("without a capacity, it follows from energy or charge", arguments: ["energy", "charge"])
    func share(kind: String) {
        let found = supply(["type": "Battery", "\(kind)_now": "30", "\(kind)_full": "40", "status": "Not charging"])
        #expect(found == PowerSupply(name: "BAT0", charge: 0.75, flow: .resting))
    }

    @Test(
        "a capacity alone is enough; above 100 it is full, and what no battery can mean is none",
        arguments: [
            ("0", 0.0), ("57", 0.57), ("100", 1), ("104", 1), ("118", 1), ("200", 1), ("255", nil), ("65535", nil),
        ])
    func capacityAlone(text: String, charge: Double?) {
        #expect(supply(["type": "Battery", "capacity": "\(text)\n"])?.charge == charge)
    }

    @Test("energy comes before a capacity that is beyond full", arguments: ["118", "255", "-1"])
    func energyFirst(capacity: String) {
        let found = supply(["type": "Battery", "capacity": capacity, "energy_now": "30", "energy_full": "40"])
        #expect(found?.charge == 0.75)
    }

    @Test("power is voltage times current where there is no power")
    func power() {
        let found = supply([
            "type": "Battery", "capacity": "50", "voltage_now": "12000000", "current_now": "-500000",
        ])
        #expect(found?.watts == 6)
        #expect(found?.flow == .unknown)
    }

    @Test(
        "what is no battery of the machine is nothing",
        arguments: [
            ["type": "Mains", "online": "1"], ["type": "Battery", "scope": "Device", "capacity": "50"],
            ["type": "Battery", "present": "0", "capacity": "50"], ["type": "Battery"],
            ["type": "Battery", "capacity": "-3"], ["type": "Battery", "energy_now": "3", "energy_full": "0"], [:],
        ])
    func nothing(files: [String: String]) {
        #expect(supply(files) == nil)
    }
}

@Suite("battery: MONITORING, LOW, CRITICAL")
struct BatteryMonitorTests {
    private func battery(_ charge: Double, _ flow: PowerSupply.Flow = .discharging) -> PowerSupply {
        PowerSupply(name: "BAT0", charge: charge, flow: flow)
    }

    @Test("it falls through LOW to CRITICAL and climbs back only past the hysteresis")
    func hysteresis() throws {
        var monitor = BatteryMonitor(limits: try .init(low: 0.2, critical: 0.1, hysteresis: 0.05))
        let steps: [(Double, [BatteryMonitor.State])] = [
            (0.5, []), (0.2, [.low]), (0.24, []), (0.26, [.monitoring]), (0.05, [.low, .critical]), (0.14, []),
            (0.16, [.low]), (0.2, []), (0.9, [.monitoring]),
        ]
        for (charge, entered) in steps { #expect(monitor.observe(battery(charge)).entered == entered, "at \(charge)") }
    }

    @Test("confidence grows from LOW to empty, never falls with the charge, and is a quarter while charging")
    func confidence() throws {
        var monitor = BatteryMonitor(limits: try .init())
        var last = 0.0
        for percent in stride(from: 100, through: 0, by: -1) {
            let now = monitor.observe(battery(Double(percent) / 100)).confidence
            #expect(now >= last && now <= 1)
            if percent == 21 { #expect(now == 0) }
            if percent == 20 { #expect(abs(now - 0.5) < 1e-9) }
            last = now
        }
        #expect(last == 1)
        #expect(monitor.observe(battery(0, .charging)).confidence == 0.25)
    }

    @Test(
        "limits that make no sense are refused",
        arguments: [(0.1, 0.2, 0.0), (0.2, 0.1, 0.9), (1.5, 0.1, 0.0), (0.2, -0.1, 0)])
    func limits(low: Double, critical: Double, hysteresis: Double) {
        #expect(throws: Refusal.self) {
            try BatteryMonitor.Limits(low: low, critical: critical, hysteresis: hysteresis)
        }
    }
}
