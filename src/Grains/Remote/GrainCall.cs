using LatentDb.Grains.Wire;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Links;
using LatentDb.MemoryStore.MessagePack;

namespace LatentDb.Grains.Remote;

/// <summary>
/// The head of a call to another silo: caller sends Call and Arguments; the answer is one Result, or Events, or Bytes, then the end or an error. An archive
/// on its way in is sent as Bytes when the other side says Ready, which it does before it reads the first of them.
/// </summary>
/// <param name="Verb">Number of the verb.</param>
/// <param name="Tenant">Whose memory, or memories.</param>
/// <param name="Memory">Which one; null for verbs about all of a tenant.</param>
/// <param name="TraceParent">W3C trace context of the caller; null = it records none.</param>
internal sealed record GrainCall(int Verb, TenantId Tenant, MemoryId? Memory, string? TraceParent)
{
    public const byte CallFrame = LinkFrameKind.FirstOfService;
    public const byte ArgumentsFrame = LinkFrameKind.FirstOfService + 1;
    public const byte ResultFrame = LinkFrameKind.FirstOfService + 2;
    public const byte EventFrame = LinkFrameKind.FirstOfService + 3;
    public const byte ReadyFrame = LinkFrameKind.FirstOfService + 4;
    public const byte BytesFrame = LinkFrameKind.FirstOfService + 5;

    public async ValueTask SendAsync(LinkWriter request, Type type, object arguments, CancellationToken cancellationToken)
    {
        using var message = new LinkBuffer();
        Write(message);
        await request.AddAsync(CallFrame, message.Written, cancellationToken).ConfigureAwait(false);
        message.Clear();
        ContractCodec.Write(message, type, arguments);
        await request.WriteAsync(ArgumentsFrame, message.Written, cancellationToken).ConfigureAwait(false);
    }

    /// <exception cref="LatentDbException">data_damaged.</exception>
    public static GrainCall Read(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var reader = new MessagePackReader(bytes);
            FieldReader fields = FieldReader.Begin(ref reader);
            var call = new GrainCall(
                fields.Required(ref reader, 1, ScalarValues.ReadInt32),
                fields.Required(ref reader, 2, ScalarValues.ReadTenant),
                fields.OptionalOf(ref reader, 3, ScalarValues.ReadMemory),
                fields.Optional(ref reader, 4, ScalarValues.ReadText));
            fields.End(ref reader);
            return call;
        }
        catch (MessagePackFormatException error)
        {
            throw new LatentDbException(ErrorCode.DataDamaged, "A call from another silo cannot be read.", error);
        }
    }

    private void Write(LinkBuffer buffer)
    {
        var writer = new MessagePackWriter(buffer);
        writer.WriteMapHeader(4);
        writer.Field(1, Verb);
        writer.Field(2, Tenant.Value);
        writer.FieldOf(3, Memory, ScalarValues.Write);
        writer.Field(4, TraceParent);
    }
}
