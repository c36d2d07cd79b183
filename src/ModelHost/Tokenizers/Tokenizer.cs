using System.Buffers;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.ModelHost.Tokenizers;

/// <summary>
/// Byte-level BPE: text ↔ token ids. Text is plain text whatever it spells: "&lt;|eot_id|&gt;" in a user's message becomes ordinary tokens, so a
/// user cannot end a turn or begin another's (prompt injection). Special ids come only from <see cref="FindSpecial"/>.
/// Immutable; safe for concurrent use.
/// </summary>
/// <remarks>
/// The post-processor of the file, which would add a BOS id, is not applied: the learned bos row of the model takes its place. Decoding gives
/// back the text exactly, except that a tokenizer with add_prefix_space gives it with that space.
/// </remarks>
internal sealed class Tokenizer
{
    private const int StackBytes = 256;

    private readonly PreTokenizer _preTokenizer;
    private readonly BytePairMerger _merger;
    private readonly SpecialTokens _added;
    private readonly FrozenDictionary<string, int>.AlternateLookup<ReadOnlySpan<char>>? _wholePieces;
    private readonly ImmutableArray<byte[]> _bytesOfId;

    public Tokenizer(TokenizerParts parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        _preTokenizer = parts.PreTokenizer;
        _merger = parts.Merger;
        _added = parts.Added;
        _wholePieces = parts.WholePieces?.GetAlternateLookup<ReadOnlySpan<char>>();
        _bytesOfId = parts.BytesOfId;
    }

    /// <summary>One more than the highest id.</summary>
    public int VocabularySize => _bytesOfId.Length;

    /// <summary>Reads a tokenizer.json.</summary>
    /// <exception cref="LatentDbException">checkpoint_invalid, naming the piece that is damaged or not supported.</exception>
    public static Tokenizer Load(string file, ReadOnlyMemory<byte> json) => new(TokenizerFile.Parse(file, json));

    /// <summary>The id of a special token such as "&lt;|eot_id|&gt;"; null if the tokenizer has none of that name.</summary>
    public int? FindSpecial(string content) => _added.Find(content);

    /// <summary>Special tokens have no text in answers.</summary>
    public bool IsSpecial(int id) => _added.IsSpecial(id);

    /// <exception cref="LatentDbException">invalid_request: half a surrogate pair.</exception>
    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<int> ids = new((text.Length / 3) + 4);
        Encode(text, ids);
        return [.. ids];
    }

    /// <summary>Appends the ids of plain text.</summary>
    /// <exception cref="LatentDbException">invalid_request: half a surrogate pair; nothing was appended.</exception>
    public void Encode(ReadOnlySpan<char> text, List<int> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        RequireWellFormed(text);
        List<int> ends = [];
        while (!text.IsEmpty)
        {
            int index = _added.FindInText(text, out AddedToken token);
            EncodeSegment(index < 0 ? text : text[..index], ids, ends);
            if (index < 0) return;
            ids.Add(token.Id);
            text = text[(index + token.Content.Length)..];
        }
    }

    /// <summary>The UTF-8 of one token, perhaps only part of a character; empty for special tokens and for ids that the tokenizer lacks.</summary>
    public ReadOnlySpan<byte> BytesOf(int id) => (uint)id < (uint)_bytesOfId.Length ? _bytesOfId[id] : [];

    /// <summary>The text of ids; bytes that are not UTF-8 become U+FFFD.</summary>
    public string Decode(ReadOnlySpan<int> ids)
    {
        var bytes = new ArrayBufferWriter<byte>(Math.Max(16, ids.Length * 4));
        foreach (int id in ids) bytes.Write(BytesOf(id));
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    private static void RequireWellFormed(ReadOnlySpan<char> text)
    {
        int i = text.IndexOfAnyInRange('\uD800', '\uDFFF');
        for (; i >= 0 && i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            bool isPair = char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
            if (!isPair) throw new LatentDbException(ErrorCode.InvalidRequest, $"The text is not valid UTF-16: half a surrogate pair at position {i}.");
            i++;
        }
    }

    private void EncodeSegment(ReadOnlySpan<char> text, List<int> ids, List<int> ends)
    {
        if (text.IsEmpty) return;
        if (_preTokenizer.AddsPrefixSpace && text[0] != ' ') text = string.Concat(" ", text);
        _preTokenizer.Split(text, ends);
        int start = 0;
        foreach (int end in CollectionsMarshal.AsSpan(ends))
        {
            EncodePiece(text[start..end], ids);
            start = end;
        }
    }

    private void EncodePiece(ReadOnlySpan<char> piece, List<int> ids)
    {
        int maxBytes = Encoding.UTF8.GetMaxByteCount(piece.Length);
        byte[]? rented = maxBytes > StackBytes ? ArrayPool<byte>.Shared.Rent(maxBytes) : null;
        Span<byte> buffer = rented ?? stackalloc byte[StackBytes];
        try
        {
            ReadOnlySpan<byte> bytes = buffer[..Encoding.UTF8.GetBytes(piece, buffer)];
            if (FindWhole(bytes) is { } id) ids.Add(id);
            else _merger.Encode(bytes, ids);
        }
        finally
        {
            if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>ignore_merges: a piece that is a token needs no merging.</summary>
    private int? FindWhole(ReadOnlySpan<byte> piece)
    {
        if (_wholePieces is not { } lookup || piece.Length > StackBytes) return null;
        Span<char> chars = stackalloc char[StackBytes];
        ByteAlphabet.ToChars(piece, chars);
        return lookup.TryGetValue(chars[..piece.Length], out int id) ? id : null;
    }
}

/// <summary>What <see cref="TokenizerFile"/> makes of a file.</summary>
/// <param name="PreTokenizer">Cuts text.</param>
/// <param name="Merger">Encodes a piece.</param>
/// <param name="Added">Special and normal added tokens.</param>
/// <param name="WholePieces">The vocabulary without special tokens, when ignore_merges is set.</param>
/// <param name="BytesOfId">By id; empty for special tokens and unused ids.</param>
internal sealed record TokenizerParts(
    PreTokenizer PreTokenizer,
    BytePairMerger Merger,
    SpecialTokens Added,
    FrozenDictionary<string, int>? WholePieces,
    ImmutableArray<byte[]> BytesOfId);
