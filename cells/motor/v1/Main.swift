import MotorCell
import MotorMachine
import NimmerBusNATS
import NimmerCell

@main
struct Main {
    static func main() async { await MotorController<Program>.run(on: NATS.connector) }
}
