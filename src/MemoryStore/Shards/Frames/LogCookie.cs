using System.Buffers.Binary;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;

namespace LatentDb.MemoryStore.Shards.Frames;

/// <summary>What a commit record says of the frames under it: the last sequence and seal, and where the newest checkpoint is.</summary>
internal static class LogCookie
{
    private const int Bytes = 40;

    public static byte[] Write(long sequence, ulong chain, CheckpointMark checkpoint)
    {
        byte[] cookie = new byte[Bytes];
        BinaryPrimitives.WriteInt64LittleEndian(cookie, sequence);
        BinaryPrimitives.WriteUInt64LittleEndian(cookie.AsSpan(8), chain);
        BinaryPrimitives.WriteInt64LittleEndian(cookie.AsSpan(16), checkpoint.Address);
        BinaryPrimitives.WriteInt64LittleEndian(cookie.AsSpan(24), checkpoint.Sequence);
        BinaryPrimitives.WriteUInt64LittleEndian(cookie.AsSpan(32), checkpoint.Chain);
        return cookie;
    }

    /// <summary>An empty cookie belongs to a log without commits.</summary>
    public static (LogSeal Seal, CheckpointMark Checkpoint) Read(CommitSlot slot)
    {
        if (slot.Cookie.Length == 0) return (new LogSeal(slot.Until, 0, 0), default);
        if (slot.Cookie.Length != Bytes) throw new LatentDbException(ErrorCode.DataDamaged, $"A commit record's cookie has {slot.Cookie.Length} bytes, not {Bytes}.");
        ReadOnlySpan<byte> cookie = slot.Cookie;
        var seal = new LogSeal(slot.Until, BinaryPrimitives.ReadInt64LittleEndian(cookie), BinaryPrimitives.ReadUInt64LittleEndian(cookie[8..]));
        var checkpoint = new CheckpointMark(
            BinaryPrimitives.ReadInt64LittleEndian(cookie[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(cookie[24..]),
            BinaryPrimitives.ReadUInt64LittleEndian(cookie[32..]));
        return (seal, checkpoint);
    }
}

/// <summary>Where a log's newest checkpoint begins, and the chain before it; address 0 = none.</summary>
internal readonly record struct CheckpointMark(long Address, long Sequence, ulong Chain);

/// <summary>When a manifest log checkpoints itself.</summary>
/// <param name="Frames">Frames after which one is due.</param>
/// <param name="Bytes">Bytes after which one is due.</param>
/// <param name="Writer">Writes it.</param>
internal sealed record CheckpointSchedule(long Frames, long Bytes, ICheckpointWriter Writer);

/// <summary>Writes the records of a checkpoint, the checkpoint record last.</summary>
internal interface ICheckpointWriter
{
    /// <summary>Called while nothing is being enqueued or published, so that the index is exactly what the log says.</summary>
    /// <param name="append">Puts a record into the log; what is to happen once it is durable may be given along.</param>
    ValueTask WriteAsync(Func<RecordDraft, Action<FrameHeader, RecordLocation>?, ValueTask<RecordLocation>> append);
}
