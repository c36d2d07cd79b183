using LatentDb.MemoryStore.Encryption;
using Xunit.Abstractions;

namespace LatentDb.MemoryStore.Tests.Encryption;

/// <summary>
/// How fast frames are sealed and opened; printed, not asserted. Numbers worth quoting:
/// <c>LATENTDB_SPEED_BYTES=4000000000 dotnet test tests/MemoryStore.Tests -c Release --filter FullyQualifiedName~FrameCipherSpeed --logger "console;verbosity=detailed"</c>.
/// </summary>
public sealed class FrameCipherSpeedTests(ITestOutputHelper output)
{
    private const string BytesVariable = "LATENTDB_SPEED_BYTES";
    private const long BytesInCI = 20_000_000;
    private const int SmallFramesPerMegabyte = 250;

    [Theory]
    [InlineData(1 << 20, true)]
    [InlineData(1 << 20, false)]
    [InlineData(16 << 10, true)]
    [InlineData(16 << 10, false)]
    [InlineData(200, true)]
    [InlineData(200, false)]
    public void Seal_and_open(int length, bool isLasting)
    {
        long bytes = long.TryParse(Environment.GetEnvironmentVariable(BytesVariable), out long wanted) ? wanted : BytesInCI;
        long frames = Math.Max(2, length < 1024 ? (bytes >> 20) * SmallFramesPerMegabyte : bytes / length);
        using var cipher = new FrameCipher(FrameCipher.NewSalt(), 2);
        using DataKey key = DataKey.Random(isLasting);
        byte[] header = new byte[64];
        byte[] plain = new byte[length];
        byte[] sealedPayload = new byte[length + FrameCipher.Overhead];
        cipher.Seal(key, frames + 1, header, plain, sealedPayload);

        Report("seal", length, isLasting, frames, sequence => cipher.Seal(key, sequence, header, plain, sealedPayload));
        Report("open", length, isLasting, frames, _ => cipher.Open(key, frames, header, sealedPayload, plain));

        Assert.DoesNotContain(plain, b => b != 0);
    }

    /// <summary>By processor time, so that neighbours on the machine do not count; the cipher waits for nothing.</summary>
    private void Report(string what, int length, bool isLasting, long frames, Action<long> turn)
    {
        TimeSpan started = Environment.CpuUsage.TotalTime;
        for (long sequence = 1; sequence <= frames; sequence++) turn(sequence);
        double seconds = Math.Max((Environment.CpuUsage.TotalTime - started).TotalSeconds, 1e-6);
        string kind = isLasting ? "memory" : "block";
        output.WriteLine($"{what} {length} bytes, {kind} key: {frames / seconds:N0} frames/s, {frames * (double)length / seconds / 1e9:F2} GB/s, {seconds / frames * 1e6:F2} us each");
    }
}
