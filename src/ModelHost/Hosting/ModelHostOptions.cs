using LatentDb.MemoryStore.Errors;
using LatentDb.ModelHost.Compute;

namespace LatentDb.ModelHost.Hosting;

/// <summary>Which model is served, and what it may use of the machine.</summary>
public sealed class ModelHostOptions
{
    /// <summary>Folder of a checkpoint in Hugging Face layout. Default: the shipped small model.</summary>
    public string Model { get; set; } = "models/small";

    /// <summary>What computes: <c>cpu</c>; or, in a build with <c>-p:Torch=cuda</c> or <c>cpu</c>, <c>cuda</c> or <c>torch-cpu</c>.</summary>
    public string Backend { get; set; } = BackendFactory.Cpu;

    /// <summary>Compute threads; 0 = one per core.</summary>
    public int Threads { get; set; }

    /// <summary>Bytes for decoded memory rows of all users. Default 1 GiB: thousands of memories of the small model.</summary>
    public long ResidentBytes { get; set; } = 1L << 30;

    /// <summary>
    /// Bytes of the machine's memory for memory rows as they were read, beside a device with memory of its own; 0 = none. What left the device comes back
    /// from there instead of from disk. Without effect on the cpu, whose device memory is the machine's.
    /// </summary>
    public long HostBytes { get; set; }

    /// <summary>
    /// Weights in memory: <c>f32</c>, <c>bf16</c> (half the bytes), <c>int8</c> (a quarter; another model, with a fingerprint of its own), or <c>auto</c> =
    /// as the checkpoint stores them.
    /// </summary>
    public string Weights { get; set; } = "auto";

    /// <summary>
    /// Rotary frequencies: <c>none</c> = fp32 as computed, <c>bf16</c> = rounded once, which the published M+ instructions do to their model. Another
    /// rounding is another model: it is part of the fingerprint.
    /// </summary>
    public string RopeRounding { get; set; } = "none";

    /// <summary>Text under the model's minimum chunk (16 tokens): <c>repeat</c> it until it is long enough, or <c>refuse</c> it.</summary>
    public string ShortText { get; set; } = "repeat";

    /// <summary>Requests that have a place: running answers take their decode steps together, prefills and injects compute between them. Each holds its rows and its text.</summary>
    public int MaxActive { get; set; } = 16;

    /// <summary>Requests that wait for a place; one more is refused with a time to retry.</summary>
    public int MaxWaiting { get; set; } = 1024;

    /// <summary>
    /// Bytes of K and V of prompts that are kept for later prompts with the same beginning over the same version, as the turns of a chat are; 0 = none.
    /// Default 64 MiB: thousands of tokens of the small model.
    /// </summary>
    public long PromptCacheBytes { get; set; } = 64L << 20;

    /// <summary>Tokens of one inject; a chunk of the small model has 64, so the default is well over a thousand writes.</summary>
    public int MaxInjectTokens { get; set; } = 131_072;

    /// <summary>Tokens that one query may generate.</summary>
    public int MaxNewTokens { get; set; } = 1024;

    /// <summary>Prompts, answers and injected texts become attributes of spans: for the search for a fault, never for a server with users.</summary>
    public bool TraceText { get; set; }

    /// <exception cref="LatentDbException">configuration_invalid, with the value.</exception>
    public void Check()
    {
        Require(!string.IsNullOrWhiteSpace(Model), nameof(Model), Model);
        Require(BackendFactory.Knows(Backend), nameof(Backend), Backend);
        Require(Threads is >= 0 and <= 1024, nameof(Threads), Threads);
        Require(ResidentBytes >= 1 << 20, nameof(ResidentBytes), ResidentBytes);
        Require(HostBytes >= 0, nameof(HostBytes), HostBytes);
        Require(Weights is "auto" or "f32" or "bf16" or "int8", nameof(Weights), Weights);
        Require(RopeRounding is "none" or "bf16", nameof(RopeRounding), RopeRounding);
        Require(ShortText is "repeat" or "refuse", nameof(ShortText), ShortText);
        Require(MaxActive is >= 1 and <= 4096, nameof(MaxActive), MaxActive);
        Require(MaxWaiting is >= 0 and <= 1_000_000, nameof(MaxWaiting), MaxWaiting);
        Require(PromptCacheBytes >= 0, nameof(PromptCacheBytes), PromptCacheBytes);
        Require(MaxInjectTokens is >= 16 and <= 16_777_216, nameof(MaxInjectTokens), MaxInjectTokens);
        Require(MaxNewTokens is >= 1 and <= 1_048_576, nameof(MaxNewTokens), MaxNewTokens);
    }

    private static void Require(bool holds, string name, object? value)
    {
        if (!holds) throw new LatentDbException(ErrorCode.ConfigurationInvalid, $"The option {name} has the value '{value}', which is out of range.");
    }
}
