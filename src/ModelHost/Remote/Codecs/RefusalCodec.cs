using System.Buffers;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Links;
using LatentDb.MemoryStore.MessagePack;

namespace LatentDb.ModelHost.Remote.Codecs;

/// <summary>Why something cannot be had, as a message of its own.</summary>
internal static class RefusalCodec
{
    public static void Write(IBufferWriter<byte> buffer, LatentDbException refusal)
    {
        var writer = new MessagePackWriter(buffer);
        LinkErrorCodec.Write(ref writer, refusal);
    }
}
