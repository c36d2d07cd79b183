using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.ModelHost.Checkpoints;

/// <summary>
/// The identity of a checkpoint: SHA-256 over a text of facts. Any byte of config.json, tokenizer.json or a tensor that changes, changes it; how
/// tensors are spread over files does not.
/// </summary>
/// <remarks>
/// A tensor enters as its CRC-32C. That finds every accident, one processor instruction per eight bytes; it is no defence against someone who
/// may write the checkpoint, who could also replace the program.
/// </remarks>
internal static class FingerprintBuilder
{
    private const string FormatLine = "latentdb checkpoint 1";

    /// <summary>Reads every byte of the checkpoint once, on all cores.</summary>
    /// <param name="folder">Open.</param>
    /// <param name="rounding">Part of the identity: rounded frequencies make another model of the same files.</param>
    /// <param name="int8Weights">Part of the identity: weights rounded to 8 bits make another model of the same files.</param>
    /// <param name="cancellationToken">Checked between tensors.</param>
    public static ModelFingerprint Compute(CheckpointFolder folder, InverseFrequencyRounding rounding, bool int8Weights, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var facts = new StringBuilder();
        AddLine(facts, FormatLine);
        AddLine(facts, "config.json " + Convert.ToHexStringLower(SHA256.HashData(folder.ConfigJson.Span)));
        AddLine(facts, "tokenizer.json " + (folder.TokenizerJson is { } tokenizer ? Convert.ToHexStringLower(SHA256.HashData(tokenizer.Span)) : "none"));
        AddLine(facts, "inverse frequencies " + rounding);
        if (int8Weights) AddLine(facts, "weights int8 by output");
        IEnumerable<string> tensors = folder.Tensors.Values.AsParallel().AsOrdered().WithCancellation(cancellationToken).Select(Describe);
        foreach (string tensor in tensors) AddLine(facts, tensor);
        return ModelFingerprint.Parse(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(facts.ToString()))));
    }

    /// <summary>The length before the name keeps a name with blanks or line ends from looking like two facts.</summary>
    private static string Describe(StoredTensor tensor)
    {
        var crc = new Crc32C();
        tensor.Scan(ref crc);
        return string.Create(CultureInfo.InvariantCulture, $"tensor {tensor.Name.Length}:{tensor.Name} {tensor.Type} {CheckpointErrors.Shape(tensor.Shape)} {crc.Value:x8}");
    }

    private static void AddLine(StringBuilder facts, string line) => facts.Append(line).Append('\n');

    /// <summary>CRC-32C (Castagnoli), as RFC 3720 defines it.</summary>
    private struct Crc32C : IByteVisitor
    {
        public uint Value { get; private set; }

        public void Visit(ReadOnlySpan<byte> piece)
        {
            uint crc = ~Value;
            ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(piece);
            foreach (ulong word in words) crc = BitOperations.Crc32C(crc, word);
            foreach (byte value in piece[(words.Length * sizeof(ulong))..]) crc = BitOperations.Crc32C(crc, value);
            Value = ~crc;
        }
    }
}
