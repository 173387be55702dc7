import MotorCell
import MotorMachine
import NimmerBusNATS
import NimmerCell
import NimmerSystemFile

@main
struct Main {
    static func main() async { await MotorController<Program>.run(on: NATS.connector, reading: YAML.reader) }
}
