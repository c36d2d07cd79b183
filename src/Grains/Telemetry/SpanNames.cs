using System.Security.Cryptography;
using System.Text;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.Grains.Telemetry;

/// <summary>
/// How spans call a memory. Its name is often a person's, so it is told as a code under a key that this process draws and never shows: equal for all
/// spans of one memory until the restart, and no list of names can be tried against it.
/// </summary>
internal sealed class SpanNames(bool areReal)
{
    private const int KeyBytes = 32;
    private const int CodeBytes = 8;

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(KeyBytes);

    public string Of(MemoryKey memory)
    {
        if (areReal) return memory.Memory.ToString();
        byte[] code = HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(memory.ToString()));
        return Convert.ToHexStringLower(code.AsSpan(0, CodeBytes));
    }
}
