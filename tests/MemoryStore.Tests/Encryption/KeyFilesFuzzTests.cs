using System.Buffers.Binary;
using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Encryption.Slots;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Tests.Fuzz;

namespace LatentDb.MemoryStore.Tests.Encryption;

/// <summary>Whatever the bytes of a key file are, reading them ends in keys or in a typed error.</summary>
public sealed class KeyFilesFuzzTests
{
    private const int TenantPayloadOffset = 16;

    private static readonly int Rounds = LongMode.Rounds(inCI: 5_000, whole: 250_000);

    [Fact]
    public async Task A_mutated_file_of_tenants_is_tenants_or_damage()
    {
        byte[] file = await TenantBytesAsync();
        var run = new FuzzRun("TenantFile", [file], bytes => TenantFile.Decode(bytes), IsTyped);

        await run.RunAsync(Rounds);

        Assert.NotEqual(0, run.Accepted);
    }

    [Fact]
    public async Task A_mutated_file_of_tenants_with_right_checksums_is_tenants_or_damage()
    {
        byte[] file = await TenantBytesAsync();
        byte[] payload = file[TenantPayloadOffset..((file.Length / 2) - sizeof(uint))];
        var run = new FuzzRun("TenantFile with right checksums", [payload], bytes => TenantFile.Decode(Wrapped(bytes)), IsTyped);

        await run.RunAsync(Rounds);
    }

    [Fact]
    public async Task A_mutated_text_of_master_keys_is_keys_or_refused()
    {
        byte[] text = System.Text.Encoding.ASCII.GetBytes($"# keys\nnew {Convert.ToBase64String(new byte[32])}\n{Convert.ToBase64String([.. Enumerable.Repeat((byte)9, 32)])}\n");
        var run = new FuzzRun("LocalMasterKeys", [text], bytes => LocalMasterKeys.Parse(System.Text.Encoding.Latin1.GetString(bytes), "The text").Dispose(), IsTyped);

        await run.RunAsync(Rounds);

        Assert.NotEqual(0, run.Accepted);
    }

    [Fact]
    public async Task A_mutated_slot_is_refused_or_whole()
    {
        byte[] slot = new byte[KeySlot.Bytes];
        new KeySlot(SlotState.Present, 1, 1, Ring.Uid(1)).Write(slot);
        KeySlot.Finish(slot, 5);
        var run = new FuzzRun(
            "KeySlot",
            [slot],
            bytes =>
            {
                byte[] whole = new byte[KeySlot.Bytes];
                bytes.AsSpan(0, Math.Min(bytes.Length, whole.Length)).CopyTo(whole);
                Assert.True(!KeySlot.TryRead(whole, 5, out _) || whole.AsSpan().SequenceEqual(slot));
            },
            IsTyped);

        await run.RunAsync(Rounds);
    }

    private static bool IsTyped(Exception error) =>
        error is LatentDbException { Code.Name: "data_damaged" or "unsupported_format" or "configuration_invalid" };

    private static async Task<byte[]> TenantBytesAsync()
    {
        var disk = new TornDisk();
        await using Keyring ring = await Ring.CreateAsync(disk);
        await ring.AddAsync(1);
        await ring.AddAsync(2, Ring.Bolt);
        return disk[TenantFile.PathIn(Ring.Folder)];
    }

    private static byte[] Wrapped(byte[] payload)
    {
        byte[] half = [.. "\0LDBTENK"u8, 1, 0, 0, 0, 0, 0, 0, 0, .. payload, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32LittleEndian(half.AsSpan(12), payload.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(half.AsSpan(half.Length - sizeof(uint)), Checksum.Crc32C(half.AsSpan(0, half.Length - sizeof(uint))));
        return [.. half, .. half];
    }
}
