using LatentDb.MemoryStore.Errors;

namespace LatentDb.ModelHost.Checkpoints;

/// <summary>How every refusal of a checkpoint is worded: the file, the tensor or key, and what is wrong with it.</summary>
internal static class CheckpointErrors
{
    public static LatentDbException Invalid(string file, string problem, Exception? inner = null) =>
        new(ErrorCode.CheckpointInvalid, $"{Path.GetFileName(file)}: {problem}", inner);

    public static LatentDbException Tensor(string file, string tensor, string problem) =>
        Invalid(file, $"tensor '{Shorten(tensor)}' {problem}");

    public static LatentDbException Key(string file, string key, string problem) =>
        Invalid(file, $"'{Shorten(key)}' {problem}");

    /// <summary>Names from a damaged file can be of any length; a message is not.</summary>
    public static string Shorten(string name) => name.Length <= 120 ? name : string.Concat(name.AsSpan(0, 117), "...");

    /// <summary>"[32, 10240, 4096]".</summary>
    public static string Shape(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";
}
