using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace LatentDb.ModelHost.Tokenizers;

/// <summary>
/// tokenizer.json in the layout of Llama 3: byte-level BPE, a Split pattern, added tokens. What it cannot honour it refuses, because a tokenizer
/// that is almost right gives a model that is quietly worse.
/// </summary>
internal sealed class TokenizerFile
{
    private readonly TokenizerJson _root;
    private readonly TokenizerJson _model;
    private readonly Dictionary<string, int> _vocabulary = new(StringComparer.Ordinal);
    private readonly List<AddedToken> _added = [];
    private readonly HashSet<int> _specialIds = [];

    private TokenizerFile(TokenizerJson root)
    {
        _root = root;
        _model = root.Need("model");
    }

    /// <exception cref="MemoryStore.Errors.LatentDbException">checkpoint_invalid, naming the part.</exception>
    public static TokenizerParts Parse(string file, ReadOnlyMemory<byte> json) => TokenizerJson.Read(file, json, root => new TokenizerFile(root).Parse());

    private TokenizerParts Parse()
    {
        CheckModel();
        ReadVocabulary();
        ReadAddedTokens();
        if (_root.Find("normalizer") is { } normalizer) CheckNormalizer(normalizer);
        return new TokenizerParts(
            ReadPreTokenizer(),
            new BytePairMerger(ReadByteIds(), ReadMerges()),
            new SpecialTokens(_added),
            _model.IsTrue("ignore_merges") ? _vocabulary.Where(p => !_specialIds.Contains(p.Value)).ToFrozenDictionary(StringComparer.Ordinal) : null,
            MakeBytes(ReadDecoder()));
    }

    private void CheckModel()
    {
        string type = _model.Find("type")?.Text() ?? "BPE";
        if (type != "BPE") throw _model.Wrong($"is of type '{type}'; only BPE is supported.");
        _model.Refuse("continuing_subword_prefix");
        _model.Refuse("end_of_word_suffix");
        if (_model.Find("dropout") is { Kind: not JsonValueKind.Null } dropout) throw dropout.Wrong("is set, which is not supported.");
    }

    private static void CheckNormalizer(TokenizerJson normalizer)
    {
        bool isEmpty = normalizer.TypeName() == "Sequence" && !normalizer.Need("normalizers").Items().Any();
        if (!isEmpty) throw normalizer.Wrong($"is of type '{normalizer.TypeName()}'; normalisation is not supported.");
    }

    private void ReadVocabulary()
    {
        TokenizerJson vocabulary = _model.Need("vocab");
        var ids = new HashSet<int>();
        foreach ((string token, TokenizerJson value) in vocabulary.Fields())
        {
            if (token.Length is 0 or > TokenizerLimits.MaxTokenChars) throw vocabulary.Wrong($"has a token of {token.Length} characters; 1 to {TokenizerLimits.MaxTokenChars} are allowed.");
            if (!_vocabulary.TryAdd(token, value.Id())) throw vocabulary.Wrong($"has the token '{token}' twice.");
            if (!ids.Add(value.Id())) throw vocabulary.Wrong($"gives the id {value.Id()} to two tokens.");
            if (ids.Count > TokenizerLimits.MaxVocabulary) throw vocabulary.Wrong($"has more than {TokenizerLimits.MaxVocabulary} tokens.");
        }
    }

    private void ReadAddedTokens()
    {
        var contents = new HashSet<string>(StringComparer.Ordinal);
        var byId = _vocabulary.ToDictionary(p => p.Value, p => p.Key);
        foreach (TokenizerJson item in _root.Find("added_tokens")?.Items() ?? [])
        {
            var token = new AddedToken(item.Need("id").Id(), item.Need("content").Text(), item.IsTrue("special"));
            if (token.Content.Length is 0 or > TokenizerLimits.MaxTokenChars) throw item.Wrong($"has a content of {token.Content.Length} characters.");
            if (!contents.Add(token.Content)) throw item.Wrong("has the content of another added token.");
            bool isElsewhere = byId.TryGetValue(token.Id, out string? other) && other != token.Content;
            if (isElsewhere) throw item.Wrong($"has the id {token.Id}, which belongs to '{other}'.");
            if (_vocabulary.TryGetValue(token.Content, out int id) && id != token.Id) throw item.Wrong($"has the id {token.Id}; the vocabulary gives it {id}.");
            if (contents.Count > TokenizerLimits.MaxAddedTokens) throw item.Wrong($"is one of more than {TokenizerLimits.MaxAddedTokens}.");
            byId[token.Id] = token.Content;

            // These say how a token swallows the text around it. A special token is never looked for in text, so on one they mean nothing.
            if (!token.IsSpecial) foreach (string flag in (ReadOnlySpan<string>)["single_word", "lstrip", "rstrip"]) item.Refuse(flag);
            _added.Add(token);
            if (token.IsSpecial) _specialIds.Add(token.Id);
        }
    }

    private PreTokenizer ReadPreTokenizer()
    {
        var splitters = ImmutableArray.CreateBuilder<IPieceSplitter>();
        bool addsPrefixSpace = false;
        bool isByteLevel = false;
        TokenizerJson root = _root.Need("pre_tokenizer");
        foreach (TokenizerJson step in root.TypeName() == "Sequence" ? root.Need("pretokenizers").Items() : [root])
        {
            if (isByteLevel) throw step.Wrong("comes after ByteLevel, which must be the last step.");
            switch (step.TypeName())
            {
                case "Split":
                    splitters.Add(ReadSplit(step));
                    break;
                case "ByteLevel":
                    isByteLevel = true;
                    addsPrefixSpace = step.Find("add_prefix_space")?.Boolean() ?? true;
                    if (addsPrefixSpace && splitters.Count > 0) throw step.Wrong("sets add_prefix_space after a Split, which is not supported.");
                    if (step.Find("use_regex")?.Boolean() ?? true) splitters.Add(new PatternSplitter(PatternSplitter.Gpt2Pattern));
                    break;
                default:
                    throw step.Wrong($"is of type '{step.TypeName()}'; Split and ByteLevel are supported.");
            }
        }

        return isByteLevel ? new PreTokenizer(splitters.ToImmutable(), addsPrefixSpace) : throw root.Wrong("lacks ByteLevel; only byte-level tokenizers are supported.");
    }

    private static IPieceSplitter ReadSplit(TokenizerJson step)
    {
        string behavior = step.Find("behavior")?.Text() ?? "Isolated";
        if (behavior != "Isolated") throw step.Wrong($"has the behavior '{behavior}'; only Isolated is supported.");
        step.Refuse("invert");
        TokenizerJson pattern = step.Need("pattern").Find("Regex") ?? throw step.Wrong("has a pattern that is not a Regex, which is not supported.");
        string text = pattern.Text();
        if (text == Llama3Splitter.Pattern) return new Llama3Splitter();
        try
        {
            return new PatternSplitter(text);
        }
        catch (ArgumentException e)
        {
            throw pattern.Wrong("is a pattern that is not supported.", e);
        }
    }

    private int[] ReadByteIds()
    {
        int[] ids = new int[256];
        for (int value = 0; value < ids.Length; value++)
        {
            string token = ByteAlphabet.ToChar((byte)value).ToString();
            if (!_vocabulary.TryGetValue(token, out ids[value])) throw _model.Wrong($"has no token for the byte 0x{value:X2}; a byte-level vocabulary has all 256.");
            if (_specialIds.Contains(ids[value])) throw _model.Wrong($"has a special token for the byte 0x{value:X2}.");
        }

        return ids;
    }

    private List<MergeRule> ReadMerges()
    {
        var rules = new List<MergeRule>();
        var pairs = new HashSet<(int, int)>();
        foreach (TokenizerJson item in _model.Need("merges").Items())
        {
            (string left, string right) = ReadPair(item);
            var rule = new MergeRule(IdOf(item, left), IdOf(item, right), IdOf(item, left + right));
            if (_specialIds.Contains(rule.Result)) throw item.Wrong("makes a special token, which text must never become.");
            if (!pairs.Add((rule.Left, rule.Right))) throw item.Wrong("is there twice.");
            rules.Add(rule);
        }

        return rules;
    }

    /// <summary>"a b", or ["a", "b"] as newer files have it.</summary>
    private static (string Left, string Right) ReadPair(TokenizerJson item)
    {
        string[] parts = item.Kind == JsonValueKind.Array ? [.. item.Items().Select(i => i.Text())] : item.Text().Split(' ');
        return parts is [{ Length: > 0 } left, { Length: > 0 } right] ? (left, right) : throw item.Wrong("is not a pair of tokens.");
    }

    private int IdOf(TokenizerJson merge, string token) => _vocabulary.TryGetValue(token, out int id) ? id : throw merge.Wrong($"needs the token '{token}', which the vocabulary lacks.");

    /// <summary>Tells whether tokens such as &lt;0x0A&gt; stand for bytes.</summary>
    private bool ReadDecoder()
    {
        bool hasByteFallback = _model.IsTrue("byte_fallback");
        bool isByteLevel = false;
        TokenizerJson root = _root.Need("decoder");
        foreach (TokenizerJson step in root.TypeName() == "Sequence" ? root.Need("decoders").Items() : [root])
        {
            switch (step.TypeName())
            {
                case "ByteLevel":
                    isByteLevel = true;
                    break;
                case "ByteFallback":
                    hasByteFallback = true;
                    break;
                case "Fuse":
                    break;
                default:
                    throw step.Wrong($"is of type '{step.TypeName()}'; ByteLevel, ByteFallback and Fuse are supported.");
            }
        }

        return isByteLevel ? hasByteFallback : throw root.Wrong("lacks ByteLevel; only byte-level tokenizers are supported.");
    }

    private ImmutableArray<byte[]> MakeBytes(bool hasByteFallback)
    {
        int size = 1 + Math.Max(_vocabulary.Values.Max(), _added.Select(t => t.Id).DefaultIfEmpty(0).Max());
        byte[][] bytes = new byte[size][];
        Array.Fill(bytes, []);
        foreach ((string token, int id) in _vocabulary)
        {
            bytes[id] = (hasByteFallback ? FallbackByte(token) : null) ?? ByteAlphabet.ToBytes(token) ?? Encoding.UTF8.GetBytes(token);
        }

        foreach (AddedToken token in _added) bytes[token.Id] = token.IsSpecial ? [] : Encoding.UTF8.GetBytes(token.Content);
        return [.. bytes];
    }

    private static byte[]? FallbackByte(string token)
    {
        bool isByte = token is ['<', '0', 'x', _, _, '>'] && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _);
        return isByte ? [byte.Parse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)] : null;
    }
}
