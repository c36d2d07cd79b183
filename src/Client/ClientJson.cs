using System.Text.Json.Serialization;
using LatentDb.Client.Models;

namespace LatentDb.Client;

/// <summary>The shapes that the client reads and writes, in snake_case. Fields that a newer server adds are ignored.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(CreateMemoryRequest))]
[JsonSerializable(typeof(MemoryDescription))]
[JsonSerializable(typeof(Page<MemoryDescription>), TypeInfoPropertyName = "MemoryPage")]
[JsonSerializable(typeof(InjectRequest))]
[JsonSerializable(typeof(InjectAnswer))]
[JsonSerializable(typeof(InjectBatchCall))]
[JsonSerializable(typeof(InjectBatchAnswer))]
[JsonSerializable(typeof(OperationDescription))]
[JsonSerializable(typeof(Page<OperationDescription>), TypeInfoPropertyName = "OperationPage")]
[JsonSerializable(typeof(QueryCall))]
[JsonSerializable(typeof(QueryAnswer))]
[JsonSerializable(typeof(QueryText))]
[JsonSerializable(typeof(Page<VersionDescription>), TypeInfoPropertyName = "VersionPage")]
[JsonSerializable(typeof(VersionDescription))]
[JsonSerializable(typeof(StoreProgress))]
[JsonSerializable(typeof(CompactionReport))]
[JsonSerializable(typeof(StoreStats))]
[JsonSerializable(typeof(StoreInspection))]
[JsonSerializable(typeof(ScrubReport))]
[JsonSerializable(typeof(RotateCall))]
[JsonSerializable(typeof(KeyRotation))]
[JsonSerializable(typeof(VersionText))]
[JsonSerializable(typeof(ForkRequest))]
[JsonSerializable(typeof(DiffAnswer))]
[JsonSerializable(typeof(RollbackCall))]
[JsonSerializable(typeof(RollbackAnswer))]
[JsonSerializable(typeof(SnapshotCall))]
[JsonSerializable(typeof(SnapshotDescription))]
[JsonSerializable(typeof(Page<SnapshotDescription>), TypeInfoPropertyName = "SnapshotList")]
[JsonSerializable(typeof(CreateKeyRequest))]
[JsonSerializable(typeof(ApiKeyDescription))]
[JsonSerializable(typeof(Page<ApiKeyDescription>), TypeInfoPropertyName = "KeyPage")]
[JsonSerializable(typeof(RotateKeyCall))]
[JsonSerializable(typeof(CallerDescription))]
[JsonSerializable(typeof(CreateTenantRequest))]
[JsonSerializable(typeof(UpdateTenantRequest))]
[JsonSerializable(typeof(TenantDescription))]
[JsonSerializable(typeof(Page<TenantDescription>), TypeInfoPropertyName = "TenantPage")]
[JsonSerializable(typeof(UsageDescription))]
[JsonSerializable(typeof(AuditPage))]
[JsonSerializable(typeof(AuditVerdict))]
internal sealed partial class ClientJson : JsonSerializerContext;

/// <summary>The body of a query: the caller's request and whether it is streamed.</summary>
internal sealed record QueryCall(
    string? Prompt,
    IReadOnlyList<Message>? Messages,
    int? MaxTokens,
    double? Temperature,
    double? TopP,
    int? TopK,
    double? RepetitionPenalty,
    ulong? Seed,
    IReadOnlyList<string>? Stop,
    bool? Retrieve,
    string? At,
    bool? Stream)
{
    public static QueryCall Of(QueryRequest request, bool? stream) => new(
        request.Prompt,
        request.Messages,
        request.MaxTokens,
        request.Temperature,
        request.TopP,
        request.TopK,
        request.RepetitionPenalty,
        request.Seed,
        request.Stop,
        request.Retrieve,
        request.At,
        stream);
}

/// <summary>The body of a batch of injects.</summary>
internal sealed record InjectBatchCall(IReadOnlyList<InjectRequest> Items);

/// <summary>The body of a rollback.</summary>
internal sealed record RollbackCall(string To);

/// <summary>The body of a new snapshot.</summary>
internal sealed record SnapshotCall(string Name, string? At);

/// <summary>The body of a rotation of keys.</summary>
internal sealed record RotateCall(string Keys);

/// <summary>The body of a rotation of an API key.</summary>
internal sealed record RotateKeyCall(int GraceSeconds);
